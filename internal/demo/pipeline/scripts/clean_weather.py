"""Sort every hour of weather into one of six kinds."""

import collections
import csv
import json
import os
import sys

from awsglue.utils import getResolvedOptions


def kind(visibility, wind):
    """The kind of weather: what a pilot sees first, then the wind."""
    if visibility < 1:
        return "sight under 1 mile"
    if visibility < 3:
        return "sight 1 to 3 miles"
    if visibility < 10:
        return "sight 3 to 10 miles"
    if wind >= 20:
        return "clear, strong wind"
    if wind >= 12:
        return "clear, wind"
    return "clear, calm"


args = getResolvedOptions(sys.argv, ["JOB_NAME", "output"])
with open(os.path.join(args["output"], "journal.txt"), "a") as journal:
    journal.write("%s %s\n" % (args["JOB_NAME"], args["JOB_RUN_ID"]))

with open(os.path.join(args["output"], "weather.json")) as stock_file:
    stock = json.load(stock_file)

hours = collections.Counter()
target = os.path.join(args["output"], "weather_clean.csv")
with open(stock["file"], newline="") as source, open(target + ".part", "w", newline="") as out:
    rows = csv.DictReader(source)
    clean = csv.writer(out)
    clean.writerow(["origin", "time_hour", "weather"])
    for row in rows:
        weather = "unknown"
        if "NA" not in (row["visib"], row["wind_speed"]):
            weather = kind(float(row["visib"]), float(row["wind_speed"]))
        clean.writerow([row["origin"], row["time_hour"], weather])
        hours[weather] += 1
os.replace(target + ".part", target)
for weather, count in hours.most_common():
    print("%4d hours  %s" % (count, weather))
