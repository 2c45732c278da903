"""Turn the flights' text into numbers; a value that is none stops the job."""

import csv
import json
import os
import sys

from awsglue.utils import getResolvedOptions

NUMBERS = ["dep_time", "dep_delay", "flight", "distance"]
KEPT = ["time_hour", "origin", "dest", "carrier", "flight", "distance", "dep_delay"]


def number(row, name, line):
    """The value as an int, or None where the source says NA."""
    if row[name] == "NA":
        return None
    try:
        return int(row[name])
    except ValueError:
        raise ValueError("flights.csv line %d: %s %r is not a number" % (line, name, row[name])) from None


args = getResolvedOptions(sys.argv, ["JOB_NAME", "output"])
with open(os.path.join(args["output"], "journal.txt"), "a") as journal:
    journal.write("%s %s\n" % (args["JOB_NAME"], args["JOB_RUN_ID"]))

with open(os.path.join(args["output"], "flights.json")) as stock_file:
    stock = json.load(stock_file)
print("cleaning %d flights of %s" % (stock["rows"], stock["file"]))

target = os.path.join(args["output"], "flights_clean.csv")
flights = cancelled = 0
with open(stock["file"], newline="") as source, open(target + ".part", "w", newline="") as out:
    rows = csv.DictReader(source)
    clean = csv.writer(out)
    clean.writerow(KEPT + ["cancelled"])
    for row in rows:
        for name in NUMBERS:
            row[name] = number(row, name, rows.line_num)
        gone = row["dep_time"] is None
        clean.writerow([row[name] for name in KEPT] + [int(gone)])
        flights += 1
        cancelled += gone
if flights != stock["rows"]:
    raise ValueError("flights.csv had %d rows at ingest and has %d now" % (stock["rows"], flights))
os.replace(target + ".part", target)
print("%d flights, of them %d cancelled" % (flights, cancelled))
