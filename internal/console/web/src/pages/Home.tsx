import { Suspense, useState } from "react";
import { useWorkflows } from "../api/queries";
import { useOverview } from "./overview";
import { BrokenList } from "./BrokenList";
import { GoodRuns, RunningNow } from "./HomeRuns";
import { ErrorBox, Loading, PageError } from "../ui/Message";
import { Glyph } from "../ui/State";
import { look } from "../state";
import { plural } from "../format";
import { lazily } from "../lazily";
import { useTitle } from "../ui/useTitle";

const FirstSteps = lazily(() => import("./FirstSteps"));

/** Failed runs that nobody has resumed, over all workflows. */
export function Home() {
  const workflows = useWorkflows();
  const [earlier, setEarlier] = useState(false);
  const overview = useOverview(workflows.data, earlier);
  const broken = overview.broken.filter((b) => !b.since);
  const names = new Set(broken.map((b) => b.run.Name));
  useTitle(names.size > 0 ? `(${names.size}) Broken now` : "Broken now");

  if (workflows.data === undefined) {
    return workflows.error ? <PageError error={workflows.error} title="Broken now" /> : <Loading what="Looking for broken runs" />;
  }
  if (workflows.data.length === 0) {
    return (
      <Suspense fallback={null}>
        <FirstSteps />
      </Suspense>
    );
  }
  const later = overview.broken.filter((b) => b.since);
  return (
    <>
      {overview.error !== undefined && <ErrorBox error={overview.error} doing="Some workflows can't be looked at" />}
      <div className="verdict" role="status">
        {overview.waiting > 0 && names.size === 0 ? (
          <h1>Looking for broken runs…</h1>
        ) : names.size > 0 ? (
          <h1 className="tone-bad">
            <span className="verdict-mark">
              <Glyph look={look("FAILED")} size={20} />
            </span>
            {plural(names.size, "workflow is", "workflows are")} broken
          </h1>
        ) : (
          <h1 className="tone-good">
            <span className="verdict-mark">
              <Glyph look={look("SUCCEEDED")} size={20} />
            </span>
            Nothing is broken
          </h1>
        )}
        <p className="quiet">
          {overview.waiting > 0
            ? `${overview.looked} of ${plural(workflows.data.length, "workflow")} looked at`
            : `${plural(workflows.data.length, "workflow")} looked at`}
          {overview.live.length > 0 && ` · ${overview.live.length} running now`}
        </p>
      </div>
      <BrokenList items={broken} label="Broken runs, newest first" />
      {later.length > 0 && (
        <details className="section" open={broken.length === 0 && later.length <= 3}>
          <summary>
            <h2 className="inline">{plural(later.length, "earlier run")} failed and nobody resumed {later.length === 1 ? "it" : "them"}</h2>{" "}
            <span className="quiet">a later run of the same workflow went well</span>
          </summary>
          <BrokenList items={later} label="Earlier broken runs, newest first" />
        </details>
      )}
      {!overview.all && (
        <p className="section">
          <button type="button" onClick={() => setEarlier(true)}>
            Look for earlier runs that nobody resumed
          </button>{" "}
          <span className="quiet">in the workflows whose last run went well</span>
        </p>
      )}
      <RunningNow runs={overview.live} />
      <GoodRuns runs={overview.good} />
    </>
  );
}
