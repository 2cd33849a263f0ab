//! Raw columns to agreed columns: identifiers, names, dates, addresses, coordinates.
