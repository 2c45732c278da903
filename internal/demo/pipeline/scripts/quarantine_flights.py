"""After a failed clean: find every row that is to blame, and set it aside."""

import csv
import json
import os
import sys

from awsglue.utils import getResolvedOptions

NUMBERS = ["dep_time", "dep_delay", "flight", "distance"]


def is_number(value):
    if value == "NA":
        return True
    try:
        int(value)
        return True
    except ValueError:
        return False


args = getResolvedOptions(sys.argv, ["JOB_NAME", "output"])
with open(os.path.join(args["output"], "journal.txt"), "a") as journal:
    journal.write("%s %s\n" % (args["JOB_NAME"], args["JOB_RUN_ID"]))

with open(os.path.join(args["output"], "flights.json")) as stock_file:
    stock = json.load(stock_file)

found = 0
target = os.path.join(args["output"], "quarantine.csv")
with open(stock["file"], newline="") as source, open(target + ".part", "w", newline="") as out:
    rows = csv.DictReader(source)
    bad = csv.writer(out)
    bad.writerow(["file", "line", "column", "value", "carrier", "flight", "origin", "dest", "time_hour"])
    for row in rows:
        for name in NUMBERS:
            if not is_number(row[name]):
                bad.writerow([stock["file"], rows.line_num, name, row[name]]
                             + [row[key] for key in ("carrier", "flight", "origin", "dest", "time_hour")])
                print("%s line %d: %s is %r" % (stock["file"], rows.line_num, name, row[name]))
                found += 1
os.replace(target + ".part", target)
print("%d bad values" % found)
