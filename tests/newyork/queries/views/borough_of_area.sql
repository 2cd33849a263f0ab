/*
title = "The borough of every area"
description = "Community districts begin with the digit of their borough; a neighborhood's parent is its community district."
*/
SELECT code, level, left(coalesce(parent_code, code), 1) AS borough
FROM areas
WHERE valid_to IS NULL
