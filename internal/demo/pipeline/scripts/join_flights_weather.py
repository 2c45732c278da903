"""Give every flight the weather of its airport in its hour, and its airline's name."""

import csv
import json
import os
import sys

from awsglue.utils import getResolvedOptions

args = getResolvedOptions(sys.argv, ["JOB_NAME", "output"])
with open(os.path.join(args["output"], "journal.txt"), "a") as journal:
    journal.write("%s %s\n" % (args["JOB_NAME"], args["JOB_RUN_ID"]))

with open(os.path.join(args["output"], "airlines.json")) as names:
    airlines = json.load(names)
with open(os.path.join(args["output"], "weather_clean.csv"), newline="") as source:
    weather = {(row["origin"], row["time_hour"]): row["weather"] for row in csv.DictReader(source)}

joined = without = 0
target = os.path.join(args["output"], "flights_weather.csv")
with open(os.path.join(args["output"], "flights_clean.csv"), newline="") as source, \
        open(target + ".part", "w", newline="") as out:
    rows = csv.DictReader(source)
    wide = csv.DictWriter(out, rows.fieldnames + ["airline", "weather"])
    wide.writeheader()
    for row in rows:
        row["airline"] = airlines.get(row["carrier"], row["carrier"])
        row["weather"] = weather.get((row["origin"], row["time_hour"]), "unknown")
        without += row["weather"] == "unknown"
        wide.writerow(row)
        joined += 1
os.replace(target + ".part", target)
print("%d flights with their weather, %d of them unknown" % (joined, without))
