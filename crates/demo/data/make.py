#!/usr/bin/env python3
"""Makes districts.geojson and divisions.txt from the public files they are carried from.

    make.py beijing_districts.geojson beijing_county_town_village_2021.json

Needs shapely 2.1 or later. The districts' borders do not quite meet in the original: overlaps go to the
first district, gaps to the district with the longest common border, and only then the whole coverage
is simplified, so that neighbours share their vertices.
"""
import json
import sys

import shapely
from shapely.geometry import mapping, shape
from shapely.ops import unary_union


def districts(path):
    features = sorted(json.load(open(path, encoding="utf-8"))["features"], key=lambda feature: feature["id"])
    taken, cells = None, []
    for feature in features:
        polygon = shapely.set_precision(shape(feature["geometry"]).buffer(0), 1e-6)
        if taken is not None:
            polygon = shapely.difference(polygon, taken, grid_size=1e-6)
        taken = polygon if taken is None else shapely.union(taken, polygon, grid_size=1e-6)
        cells.append(polygon)
    filled = unary_union([taken.buffer(0.002).buffer(-0.002), taken])
    gaps = shapely.difference(shapely.set_precision(filled, 1e-6), taken, grid_size=1e-6)
    holes = [shapely.Polygon(ring) for part in getattr(taken, "geoms", [taken]) for ring in part.interiors]
    gaps = areal(shapely.union(areal(gaps), areal(unary_union(holes)), grid_size=1e-6))
    cells = [areal(cell) for cell in cells]
    for gap in areal(gaps).geoms:
        best = max(range(len(cells)), key=lambda i: shapely.intersection(cells[i], gap.buffer(1e-6)).area)
        cells[best] = areal(shapely.union(cells[best], gap, grid_size=1e-6))
    cells = [keep(cell) for cell in cells]
    low, high = 1e-5, 0.02
    for _ in range(24):
        middle = (low * high) ** 0.5
        count = sum(shapely.get_num_coordinates(cell) for cell in shapely.coverage_simplify(cells, middle))
        low, high = (middle, high) if count > 150 * len(cells) else (low, middle)
    simple = [keep(cell) for cell in shapely.coverage_simplify(cells, high)]
    print("valid coverage:", shapely.coverage_is_valid(simple), "tolerance", high, file=sys.stderr)
    out = []
    for feature, cell in zip(features, simple):
        assert cell.is_valid
        properties = {"code": feature["id"], "name": feature["properties"]["name"]}
        out.append({"type": "Feature", "properties": properties, "geometry": mapping(cell)})
        print(properties, cell.geom_type, shapely.get_num_coordinates(cell), file=sys.stderr)
    lines = ",\n".join(json.dumps(feature, ensure_ascii=False, separators=(",", ":")) for feature in out)
    open("districts.geojson", "w", encoding="utf-8").write('{"type":"FeatureCollection","features":[\n' + lines + "\n]}\n")


def areal(geometry):
    """Its polygons, without the lines and points of an overlay."""
    parts = [part for part in shapely.get_parts(shapely.get_parts(geometry)) if part.geom_type == "Polygon" and not part.is_empty]
    return shapely.MultiPolygon(parts)


def keep(cell):
    """Without the specks that noding leaves behind."""
    parts = [part for part in getattr(cell, "geoms", [cell]) if part.geom_type == "Polygon" and part.area > 1e-4]
    parts = [shapely.Polygon(part.exterior, [ring for ring in part.interiors if shapely.Polygon(ring).area > 1e-4]) for part in parts]
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)


def divisions(path):
    """One line a district (six digits), town (three digits more) and community (three more), tab, name."""
    names = json.load(open(path, encoding="utf-8"))
    with open("divisions.txt", "w", encoding="utf-8") as out:
        for district in sorted(names["1101"]):
            out.write(f"{district}\t{names['1101'][district]}\n")
            for town in sorted(names[district]):
                out.write(f"{town[6:]}\t{names[district][town]}\n")
                for code in sorted(names.get(town, {})):
                    out.write(f"\t{code[9:]}\t{names[town][code]}\n")


districts(sys.argv[1])
divisions(sys.argv[2])
