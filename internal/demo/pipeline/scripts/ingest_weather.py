"""Take stock of the weather: how many hours does each airport report?"""

import collections
import csv
import json
import os
import sys

from awsglue.utils import getResolvedOptions

NEEDED = ["origin", "wind_speed", "precip", "visib", "time_hour"]

args = getResolvedOptions(sys.argv, ["JOB_NAME", "weather", "output"])
os.makedirs(args["output"], exist_ok=True)
with open(os.path.join(args["output"], "journal.txt"), "a") as journal:
    journal.write("%s %s\n" % (args["JOB_NAME"], args["JOB_RUN_ID"]))

hours = collections.Counter()
with open(args["weather"], newline="") as source:
    rows = csv.DictReader(source)
    missing = [name for name in NEEDED if name not in rows.fieldnames]
    if missing:
        raise ValueError("weather.csv: columns are missing: " + ", ".join(missing))
    for row in rows:
        hours[row["origin"]] += 1

target = os.path.join(args["output"], "weather.json")
with open(target + ".part", "w") as out:
    json.dump({"file": args["weather"], "hours": hours}, out, indent=2, sort_keys=True)
os.replace(target + ".part", target)
print(", ".join("%s: %d hours" % (name, hours[name]) for name in sorted(hours)))
