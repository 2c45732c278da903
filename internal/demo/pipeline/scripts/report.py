"""Count flights, cancellations and delays by weather and by airline."""

import collections
import csv
import os
import sys

from awsglue.utils import getResolvedOptions


class Group(object):
    """What is counted of a kind of weather or of an airline."""

    def __init__(self):
        self.flights = self.cancelled = self.minutes = 0

    def add(self, row):
        self.flights += 1
        if row["cancelled"] == "1":
            self.cancelled += 1
        else:
            self.minutes += int(row["dep_delay"])

    def line(self, name):
        departed = self.flights - self.cancelled
        delay = "%.1f" % (self.minutes / departed) if departed else ""
        return [name, self.flights, self.cancelled, "%.1f" % (100.0 * self.cancelled / self.flights), delay]


args = getResolvedOptions(sys.argv, ["JOB_NAME", "output"])
with open(os.path.join(args["output"], "journal.txt"), "a") as journal:
    journal.write("%s %s\n" % (args["JOB_NAME"], args["JOB_RUN_ID"]))

tables = {"weather": collections.defaultdict(Group), "airline": collections.defaultdict(Group)}
with open(os.path.join(args["output"], "flights_weather.csv"), newline="") as source:
    for row in csv.DictReader(source):
        for column, groups in tables.items():
            groups[row[column]].add(row)

for column, groups in tables.items():
    target = os.path.join(args["output"], "report_by_%s.csv" % column)
    worst_first = sorted(groups, key=lambda name: (-groups[name].cancelled / groups[name].flights, name))
    with open(target + ".part", "w", newline="") as out:
        table = csv.writer(out)
        table.writerow([column, "flights", "cancelled", "cancelled_percent", "average_delay_minutes"])
        for name in worst_first:
            table.writerow(groups[name].line(name))
            print("%-28s %5d flights, %4d cancelled" % (name, groups[name].flights, groups[name].cancelled))
    os.replace(target + ".part", target)
