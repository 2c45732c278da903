import { useMemo } from "react";
import { useAbout } from "../api/queries";
import type { Trigger } from "../api/types";
import { nextTime } from "../cron";
import { Time, useNow } from "../ui/Time";

/** The next time by some schedules. */
export function NextStart({ schedules }: { schedules: Trigger[] | undefined }) {
  const minute = Math.floor(useNow() / 60_000);
  const next = useMemo(
    () => Math.min(...(schedules ?? []).map((t) => nextTime(t.Schedule, minute * 60_000) ?? Infinity)),
    [schedules, minute],
  );
  if (!schedules || !Number.isFinite(next)) return <span className="quiet">–</span>;
  return <Time at={next / 1000} relative />;
}

/** Said where next starts are shown, when the server does not start runs by schedules. */
export function NoSchedules() {
  const about = useAbout().data;
  if (about === undefined || about.Kind === "account" || about.Schedules) return null;
  return <span className="quiet">(this server does not start schedules by itself yet)</span>;
}
