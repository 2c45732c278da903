"""Take stock of the flights: have all columns and all days of the week arrived?"""

import collections
import csv
import json
import os
import sys

from awsglue.utils import getResolvedOptions

NEEDED = ["year", "month", "day", "dep_time", "dep_delay", "carrier", "flight",
          "origin", "dest", "distance", "time_hour"]

args = getResolvedOptions(sys.argv, ["JOB_NAME", "flights", "output"])
os.makedirs(args["output"], exist_ok=True)
with open(os.path.join(args["output"], "journal.txt"), "a") as journal:
    journal.write("%s %s\n" % (args["JOB_NAME"], args["JOB_RUN_ID"]))

days = collections.Counter()
with open(args["flights"], newline="") as source:
    rows = csv.reader(source)
    header = next(rows)
    missing = [name for name in NEEDED if name not in header]
    if missing:
        raise ValueError("flights.csv: columns are missing: " + ", ".join(missing))
    day = [header.index(name) for name in ("year", "month", "day")]
    for row in rows:
        if len(row) != len(header):
            raise ValueError("flights.csv line %d: %d columns instead of %d"
                             % (rows.line_num, len(row), len(header)))
        days["%s-%02d-%02d" % (row[day[0]], int(row[day[1]]), int(row[day[2]]))] += 1

stock = {"file": args["flights"], "rows": sum(days.values()), "days": days}
target = os.path.join(args["output"], "flights.json")
with open(target + ".part", "w") as out:
    json.dump(stock, out, indent=2, sort_keys=True)
os.replace(target + ".part", target)
print("%d flights on %d days" % (stock["rows"], len(days)))
for name in sorted(days):
    print("  %s  %4d flights" % (name, days[name]))
