#!/usr/bin/env python3
"""Synthetic Beijing-style addresses with truth, for measuring address matching.

District, street and community names are real (the table given with --divisions, the repository's own unless told otherwise); roads, compounds,
buildings and rooms are invented from them. The same --addresses and --seed give the same bytes of content.

  gen_addresses.py --addresses 100000 --seed 7 --out DIR

writes
  canonical.parquet  address_id, level (院/楼/户), kind, one column per level with its standard spelling,
                     the twelve-digit community code, and text (the standard address). --addresses counts
                     the leaves; their 院 and 楼 rows come on top, so a query without a room has a truth too.
  variants.parquet   variant_id, text, address_id (null: no such address, must not be linked), level, style
                     (the department's habit), ops (noise applied, comma separated), source_id (the
                     canonical row it was written from; for a null truth the row a careless matcher will take).

Invariants: a compound's name is unique in the city and a road's in its district, digits never get
typos, and a unit is left out only where the building has one; so each variant that has a truth names one row.
A null truth means no link at the written level: naming the 院 above it instead of null is wrong here.
"""
import argparse
import csv
import json
import random
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

LEVELS = ["prov", "city", "district", "town", "community", "road", "roadno", "poi", "houseno", "cellno", "floorno", "roomno"]
ROAD_KINDS = ["路", "街", "东路", "西路", "南路", "北路", "大街", "东街", "西街", "南街", "北街", "中路", "一街", "二街", "三街", "环路"]
LANE_KINDS = ["胡同", "巷", "头条", "二条", "三条", "东巷", "西巷", "夹道"]
ESTATE_KINDS = ["家园", "小区", "花园", "苑", "嘉园", "新城", "公寓", "雅苑", "佳苑", "花城", "名苑", "新村", "里"]
ESTATE_PARTS = ["", "", "", "", "东区", "西区", "南区", "北区", "一区", "二区", "三区", "一期", "二期"]
TOWER_KINDS = ["大厦", "中心", "广场", "国际大厦", "商务楼", "科技园", "写字楼"]
FANCY = ["金", "阳光", "和", "盛", "锦绣", "翠", "鑫", "华", "瑞", "天", "丽", "望", "景", "龙", "福", "远", "清", "润", "泰", "嘉"]
DIGITS = "零一二三四五六七八九"
TRADITIONAL = str.maketrans(
    "号楼单层东门区县镇乡园广场厦路丰顺义门头沟怀柔庆亚运华龙乐宁兴业农业团结长阳会议体育馆网络国际贸经济术发营湾关阁庙桥临滨兰红绿来马鸟鱼铁银锦绣云叶芦苇万亿处宾馆学校",
    "號樓單層東門區縣鎮鄉園廣場廈路豐順義門頭溝懷柔慶亞運華龍樂寧興業農業團結長陽會議體育館網絡國際貿經濟術發營灣關閣廟橋臨濱蘭紅綠來馬鳥魚鐵銀錦繡雲葉蘆葦萬億處賓館學校")
# Sound-alikes and look-alikes that clerks really swap; never digits.
SWAPS = ["安庵", "里裡", "园圆", "苑菀", "阳扬", "清青", "华花", "锦绵", "丽立", "新欣", "兴星", "和合", "福富", "营莹", "庄装",
         "井景", "桥侨", "坊房", "家佳", "嘉加", "河何", "寺士", "村邨", "堡宝", "店点", "泉全", "龙隆", "南楠", "北背", "洼哇"]
SWAP = {a: b for a, b in (tuple(p) for p in SWAPS)} | {b: a for a, b in (tuple(p) for p in SWAPS)}


def cut(name, suffixes):
    for suffix in suffixes:
        if name.endswith(suffix) and len(name) > len(suffix) + 1:
            return name[: -len(suffix)]
    return name


def town_core(name):
    return cut(name, ["街道", "地区", "镇", "民族乡", "乡"])


def community_core(name):
    return cut(name, ["社区居民委员会", "社区居委会", "村民委员会", "居民委员会", "居委会", "村委会", "社区", "村"])


def community_standard(name):
    for old, new in (("社区居民委员会", "社区"), ("社区居委会", "社区"), ("村民委员会", "村"), ("村委会", "村"),
                     ("居民委员会", "社区"), ("居委会", "社区")):
        if name.endswith(old):
            core = name[: -len(old)]
            return core if core.endswith(new) else core + new
    return name


def chinese(number):
    """Counting form of 0..99 (十二); longer numbers digit by digit (五零一)."""
    n = int(number)
    if n > 99 or number.startswith("0"):
        return "".join(DIGITS[int(c)] for c in number)
    if n < 10:
        return DIGITS[n]
    tens, ones = divmod(n, 10)
    return ("" if tens == 1 else DIGITS[tens]) + "十" + ("" if ones == 0 else DIGITS[ones])


def fullwidth(text):
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


def divisions(path, city="1101"):
    """Code -> {code: name} of the divisions directly below it, of those that stand today."""
    below = {}
    with open(path, encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["code"].startswith(city) and not row["valid_to"]:
                below.setdefault(row["parent"], {})[row["code"]] = row["name"]
    return below


class City:
    def __init__(self, path, rng):
        self.rng = rng
        data = divisions(path)
        self.communities = [(data["1101"][d], t, data[d][t], c, n)
                            for d in data["1101"] for t in data.get(d, {}) for c, n in data.get(t, {}).items()]
        self.roads, self.road_names, self.estates = {}, {}, set()
        self.namesakes = Counter((data["1101"][d], community_standard(n)) for d in data["1101"] for t in data.get(d, {})
                                 for n in data.get(t, {}).values())

    def district_roads(self, district):
        return self.road_names.get(district, set())

    def road(self, place, lane):
        """One of the town's roads; names are unique in the district."""
        district, town, town_name, _, name = place
        key = (town, lane)
        roads = self.roads.setdefault(key, [])
        if len(roads) < 14 and (not roads or self.rng.random() < 0.5):
            taken = self.road_names.setdefault(district, set())
            core = self.rng.choice([town_core(town_name), community_core(name), community_core(name)])
            for kind in self.rng.sample(LANE_KINDS if lane else ROAD_KINDS, 6):
                if core + kind not in taken:
                    taken.add(core + kind)
                    roads.append([core + kind, 1 + self.rng.randrange(8)])
                    return roads[-1]
        return self.rng.choice(roads) if roads else None

    def estate(self, place, kinds):
        core = community_core(place[4])
        for _ in range(20):
            stem = core if self.rng.random() < 0.55 else self.rng.choice(FANCY) + core[:1] if self.rng.random() < 0.3 \
                else self.rng.choice(FANCY) + self.rng.choice(FANCY)
            name = stem + self.rng.choice(kinds) + (self.rng.choice(ESTATE_PARTS) if kinds is ESTATE_KINDS else "")
            if name not in self.estates:
                self.estates.add(name)
                return name
        return None


def canonical(city, target):
    """Rows of the standard table: leaves (户), with the 楼 and 院 above them."""
    rng, rows, leaves, villages = city.rng, [], 0, set()

    def add(base, level, **more):
        row = dict.fromkeys(LEVELS) | base | more
        row["address_id"] = f"BJ{len(rows):08d}"
        row["level"] = level
        row["text"] = "".join(row[l] or "" for l in LEVELS if l != "prov")
        rows.append(row)
        return row

    while leaves < target:
        place = rng.choice(city.communities)
        district, _, town_name, code, name = place
        base = {"prov": "北京市", "city": "北京市", "district": district, "town": town_name,
                "community": community_standard(name), "community_code": code}
        village = name.endswith(("村委会", "村民委员会", "村"))
        kind = rng.choices(["院", "胡同", "村", "大厦"], [0, 0, 9, 1] if village else [70, 15, 0, 15])[0]
        base["kind"] = kind
        if kind == "村":
            if code in villages or rng.random() < 0.5:
                continue
            villages.add(code)
            for number in rng.sample(range(1, 400), rng.randint(5, 25)):
                add(base, "户", roadno=f"{number}号")
                leaves += 1
            continue
        road = city.road(place, kind == "胡同")
        if road is None:
            continue
        if kind == "胡同":
            for _ in range(rng.randint(3, 15)):
                road[1] += rng.randint(1, 3)
                number = f"甲{road[1]}号" if rng.random() < 0.08 else f"{road[1]}号"
                add(base, "院", road=road[0], roadno=number)
                for room in rng.sample(range(1, 30), rng.choice([0, 0, 2, 3])):
                    add(base, "户", road=road[0], roadno=number, roomno=f"{room}号")
                    leaves += 1
            continue
        estate = city.estate(place, TOWER_KINDS if kind == "大厦" else ESTATE_KINDS)
        if estate is None:
            continue
        road[1] += rng.randint(1, 6)
        base |= {"road": road[0], "roadno": f"{road[1]}号" + ("院" if kind == "院" else ""), "poi": estate}
        add(base, "院")
        if kind == "大厦":
            for wing in rng.sample("ABCD", rng.choice([1, 1, 2, 3])):
                top = rng.randint(6, 32)
                add(base, "楼", houseno=f"{wing}座")
                for room in {rng.randint(1, top) * 100 + rng.randint(1, 20) for _ in range(rng.randint(5, 15))}:
                    add(base, "户", houseno=f"{wing}座", floorno=f"{room // 100}层", roomno=f"{room}室")
                    leaves += 1
            continue
        for house in sorted(rng.sample(range(1, 24), rng.randint(1, 6))):
            units, floors = rng.choice([1, 2, 3, 3, 4, 6]), rng.choice([6, 6, 11, 18, 24])
            building = add(base, "楼", houseno=f"{house}号楼")
            building["units"] = units
            picked = {(rng.randint(1, units), rng.randint(1, floors) * 100 + rng.randint(1, 4)) for _ in range(rng.randint(5, 16))}
            for unit, room in sorted(picked):
                row = add(base, "户", houseno=f"{house}号楼", cellno=f"{unit}单元", roomno=f"{room}室")
                row["units"] = units
                leaves += 1
    return rows


class Writer:
    """Writes one canonical row the way a department does."""
    STYLES = ["公安", "热线", "社区", "工商", "房管", "燃气"]

    def __init__(self, city):
        self.city, self.rng = city, city.rng

    def typo(self, name, ops, taken):
        """The name with one slip of the pen, unless that is another place's name."""
        wrong = self.slip(name)
        if wrong == name or wrong in taken:
            return name
        ops.append("typo")
        return wrong

    def slip(self, name):
        spots = [i for i, c in enumerate(name) if c in SWAP]
        if spots and self.rng.random() < 0.7:
            i = self.rng.choice(spots)
            return name[:i] + SWAP[name[i]] + name[i + 1:]
        if len(name) > 3:
            i = self.rng.randrange(1, len(name) - 1)
            if self.rng.random() < 0.5:
                return name[:i] + name[i + 1:]
            return name[:i] + name[i + 1] + name[i] + name[i + 2:]
        return name

    def number(self, text, ops, share):
        digits = "".join(c for c in text if c.isdigit())
        if digits and self.rng.random() < share:
            ops.append("chinese_number")
            return text.replace(digits, chinese(digits))
        return text

    def admin(self, row, style, ops, keep_district, keep_town):
        rng, out = self.rng, ""
        drop = {"公安": 0.02, "工商": 0.02, "房管": 0.3, "燃气": 0.6, "社区": 0.7, "热线": 0.8}[style]
        if rng.random() >= drop:
            out += rng.choices(["北京市", "北京", "北京市北京市", "北京市市辖区"], [80, 15, 3, 2])[0]
        else:
            ops.append("no_city")
        if keep_district or rng.random() >= drop * 0.5:
            short = row["district"][:-1]
            if rng.random() < 0.15 and len(short) > 1:
                ops.append("short_district")
                out += short
            else:
                out += row["district"]
        else:
            ops.append("no_district")
        if keep_town or rng.random() < (0.7 if style in ("社区", "公安") else 0.3):
            core = town_core(row["town"])
            out += rng.choices([row["town"], core, core + "街道办事处" if row["town"].endswith("街道") else row["town"]], [75, 15, 10])[0]
        else:
            ops.append("no_town")
        if row["kind"] == "村" or rng.random() < (0.7 if style == "社区" else 0.2):
            core = community_core(row["community"])
            full = row["community"]
            out += rng.choices([full, full + "居委会" if full.endswith("社区") else full, core], [80, 10, 0 if row["kind"] == "村" else 10])[0]
        else:
            ops.append("no_community")
        return out

    def tail(self, row, style, ops):
        rng = self.rng
        house, unit, room = row["houseno"], row["cellno"], row["roomno"]
        if house is None:
            if room is None:
                return ""
            return rng.choice(["内", "院内", "", "-"]) + self.number(room.rstrip("号"), ops, 0.1) + rng.choice(["号", "号房", "室"])
        if room is None:
            return self.house(house, style, ops)
        digits, floor = room.rstrip("室"), int(room.rstrip("室")) // 100
        skip_unit = unit is None or (row["units"] == 1 and rng.random() < 0.5)
        if skip_unit and unit is not None:
            ops.append("no_unit")
        if unit is not None and rng.random() < {"社区": 0.5, "燃气": 0.35, "热线": 0.3, "房管": 0.15}.get(style, 0.03):
            ops.append("dashes")
            dash = rng.choice(["-", "-", "-", "—", "－", "/", "、"])
            return dash.join([house[:-2]] + ([] if skip_unit else [unit[:-2]]) + [digits])
        out = self.house(house, style, ops)
        if not skip_unit:
            if rng.random() < 0.25:
                ops.append("unit_form")
                out += self.number(unit[:-2], ops, 0.3) + rng.choice(["门", "单", "单元门"])
            else:
                out += self.number(unit, ops, 0.2)
        if rng.random() < (0.5 if row["floorno"] else 0.1):
            ops.append("floor")
            out += f"{floor}{rng.choice(['层', '层', '楼', 'F'])}"
        if rng.random() < 0.12 and len(digits) == 3:
            ops.append("room_zero")
            digits = "0" + digits
        return out + self.number(digits, ops, 0.08) + rng.choices(["室", "", "号", "房", "户"], [45, 35, 12, 4, 4])[0]

    def house(self, house, style, ops):
        rng = self.rng
        if house.endswith("座"):
            return rng.choices([house, house[0].lower() + "座", house[0] + "栋", house[0] + "楼"], [70, 10, 10, 10])[0]
        digits = house[:-2]
        form = rng.choices(["号楼", "幢", "栋", "座", "#楼", "#", "楼"],
                           {"公安": [95, 2, 1, 0, 1, 0, 1], "房管": [40, 45, 5, 0, 5, 3, 2]}.get(style, [50, 12, 12, 3, 9, 7, 7]))[0]
        if form != "号楼":
            ops.append("house_form")
        return (digits + form) if "#" in form else self.number(digits, ops, 0.12) + form

    def write(self, row):
        rng, ops = self.rng, []
        style = rng.choice(self.STYLES)
        place, alias = "", False
        if row["poi"]:
            alias = rng.random() < {"公安": 0.05, "工商": 0.15, "房管": 0.3}.get(style, 0.7)
            both = not alias and rng.random() < 0.35
            if alias or both:
                place = self.typo(row["poi"], ops, self.city.estates) if rng.random() < 0.08 else row["poi"]
            if alias:
                ops.append("alias")
            else:
                place = row["road"] + self.road_number(row["roadno"], ops) + place
                if not both:
                    ops.append("no_poi")
        elif row["road"]:
            taken = self.city.district_roads(row["district"])
            road = self.typo(row["road"], ops, taken) if rng.random() < 0.04 else row["road"]
            place = road + self.road_number(row["roadno"], ops)
        else:
            place = self.number(row["roadno"], ops, 0.08)
        keep_town = row["kind"] == "村" and self.city.namesakes[row["district"], row["community"]] > 1
        text = self.admin(row, style, ops, not alias, keep_town) + place
        if row["level"] == "院" and rng.random() < 0.35:
            ops.append("extra")
            text += rng.choice(["附近", "对面", "东门", "西门", "北门外", "门口", "旁边", "南侧路口"])
        text += self.tail(row, style, ops)
        if style in ("热线", "工商") and rng.random() < 0.15:
            ops.append("extra")
            text += rng.choice(["(电联)", "（集群注册）", " 业主反映", "（租户）", "，物业办公室", " 有人在家"])
        if rng.random() < 0.06:
            ops.append("fullwidth")
            text = fullwidth(text)
        if rng.random() < 0.03:
            ops.append("traditional")
            text = text.translate(TRADITIONAL)
        if rng.random() < 0.06:
            ops.append("blank")
            at = rng.randrange(1, len(text))
            text = text[:at] + rng.choice([" ", "　", ","]) + text[at:]
        return style, ops, text

    def road_number(self, roadno, ops):
        rng = self.rng
        if roadno.startswith("甲") and rng.random() < 0.5:
            ops.append("jia")
            return rng.choice([f"{roadno[1:-1]}号甲", f"{roadno[1:-1]}甲号"])
        if roadno.endswith("院") and rng.random() < 0.3:
            ops.append("no_yard")
            roadno = roadno[:-1]
        return self.number(roadno, ops, 0.06)


def absent(row, rng):
    """The same address with a building, room or number that its table does not have."""
    fake = dict(row)
    if row["roomno"] and row["houseno"]:
        fake["roomno"] = f"{rng.randint(33, 60)}{rng.randint(1, 9):02d}室"
        if row["floorno"]:
            fake["floorno"] = fake["roomno"][:-3] + "层"
    elif row["houseno"]:
        fake["houseno"] = f"{rng.randint(30, 99)}号楼" if row["houseno"].endswith("楼") else rng.choice("GHJK") + "座"
    else:
        fake["roadno"] = f"{rng.randint(2000, 2999)}号"
        fake["poi"] = None
    return fake


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--divisions", default=Path(__file__).parents[3] / "config/codes/divisions.csv")
    ap.add_argument("--addresses", type=int, required=True)
    ap.add_argument("--seed", type=int, default=7)
    ap.add_argument("--absent", type=float, default=0.06, help="share of variants whose address is not in the table")
    ap.add_argument("--out", required=True)
    args = ap.parse_args()
    rng = random.Random(args.seed)
    city = City(args.divisions, rng)
    rows = canonical(city, args.addresses)
    writer, variants = Writer(city), []
    for row in rows:
        if row["level"] != "户" and rng.random() < 0.5:
            continue
        for _ in range(rng.randint(1, 4)):
            gone = rng.random() < args.absent
            style, ops, text = writer.write(absent(row, rng) if gone else row)
            variants.append((f"V{len(variants):09d}", text, None if gone else row["address_id"], row["level"], style,
                             ",".join(sorted(set(ops))), row["address_id"]))
    out = Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    columns = ["address_id", "level", "kind", *LEVELS, "community_code", "text"]
    pq.write_table(pa.table({c: pa.array([r.get(c) for r in rows], pa.string()) for c in columns}), out / "canonical.parquet")
    names = ["variant_id", "text", "address_id", "level", "style", "ops", "source_id"]
    pq.write_table(pa.table({n: pa.array(list(v), pa.string()) for n, v in zip(names, zip(*variants))}), out / "variants.parquet")
    print(json.dumps({"canonical": len(rows), "leaves": sum(r["level"] == "户" for r in rows), "variants": len(variants),
                      "no_match": sum(v[2] is None for v in variants), "seed": args.seed}))


if __name__ == "__main__":
    main()
