"""Read the carriers: each code once, each with a name."""

import csv
import json
import os
import sys

from awsglue.utils import getResolvedOptions

args = getResolvedOptions(sys.argv, ["JOB_NAME", "airlines", "output"])
os.makedirs(args["output"], exist_ok=True)
with open(os.path.join(args["output"], "journal.txt"), "a") as journal:
    journal.write("%s %s\n" % (args["JOB_NAME"], args["JOB_RUN_ID"]))

names = {}
with open(args["airlines"], newline="") as source:
    rows = csv.DictReader(source)
    for row in rows:
        if row["carrier"] in names:
            raise ValueError("airlines.csv line %d: carrier %r is there twice" % (rows.line_num, row["carrier"]))
        names[row["carrier"]] = row["name"]

target = os.path.join(args["output"], "airlines.json")
with open(target + ".part", "w") as out:
    json.dump(names, out, indent=2, sort_keys=True)
os.replace(target + ".part", target)
print("%d airlines" % len(names))
