import { useEffect, useId, useRef, useState } from "react";
import { ApiError } from "../api/client";
import type { PlanNode, Selectors } from "../api/types";
import { plural, shortId } from "../format";
import { Command } from "../ui/Copy";
import { ErrorBox } from "../ui/Message";
import { resumeCommand } from "./commands";
import { beyondAws, isEmpty, toggle } from "./draft";
import { Pairs } from "./Pairs";
import { Group, List, offersAll, type GroupProps } from "./PlanGroup";
import { counts, ends, expectation, groups, risky } from "./planview";
import { shortIds } from "./time";
import type { Resume } from "./useResume";

interface Props extends GroupProps {
  onClose: () => void;
  /** Goes back to the nodes to choose more, where the panel covers them. */
  onChoose?: () => void;
  /** What to say of a node that was clicked and can't be chosen. */
  notice?: string;
  /** Whether the focus goes here when it opens. */
  takeFocus: boolean;
}

/** The resume of a run: what is chosen, what it would do, and the button that does it. */
export function ResumePanel(props: Props) {
  const { data, about, draft, onDraft, resume, onClose, notice, takeFocus } = props;
  const title = useRef<HTMLHeadingElement>(null);
  const titleId = useId();
  useEffect(() => {
    if (takeFocus) title.current?.focus();
  }, [takeFocus]);
  const { plan } = resume;
  return (
    <div className="panel resume-panel" role="dialog" aria-labelledby={titleId} onKeyDown={(e) => e.key === "Escape" && onClose()}>
      <header className="panel-head">
        <div>
          <p className="crumbs">{shortId(data.run.WorkflowRunId)}</p>
          <h2 id={titleId} ref={title} tabIndex={-1}>
            Resume {data.run.Name}
          </h2>
        </div>
        <button type="button" className="ghost" aria-label="Close without resuming" onClick={onClose}>
          ✕
        </button>
      </header>
      <div className="panel-body">
        <Choose {...props} />
        {notice && (
          <p className="notice" role="status">
            {notice}
          </p>
        )}
        <Ends {...props} />
        {resume.planError !== undefined && <ErrorBox error={resume.planError} doing="No plan" />}
        {resume.stale && (
          <div className="stale" role="alert">
            <strong>Something changed, and nothing was started.</strong>
            <p>{shortIds(resume.stale.why)}</p>
            {resume.stale.changes.length > 0 && <List items={resume.stale.changes} />}
            <p>Below is the new plan.</p>
          </div>
        )}
        {plan && (
          <div className={resume.planning ? "plan waiting" : "plan"} aria-busy={resume.planning}>
            <Summary resume={resume} />
            <Speaks resume={resume} />
            {groups(plan).map((g) => (
              <Group key={g.verdict} g={g} {...props} />
            ))}
          </div>
        )}
        {offersAll(about, resume) && <Options {...props} />}
        {!isEmpty(draft) && (
          <details className="commands">
            <summary>The same on the command line</summary>
            <Command>{resumeCommand(about, data.run.Name, data.run.WorkflowRunId, draft, data.names.of)}</Command>
            {resume.awsCommand && plan && (beyondAws(draft) ? <p className="quiet">AWS's own operation can't do this.</p> : <Command>{resume.awsCommand}</Command>)}
          </details>
        )}
      </div>
      <Confirm key={plan?.token ?? ""} {...props} onDraft={onDraft} />
    </div>
  );
}

const selectors: { key: keyof Selectors; name: string; help: string }[] = [
  { key: "Failed", name: "Failed", help: "Every job and crawler whose latest attempt did not succeed" },
  { key: "Recommended", name: "Recommended", help: "The smallest set that repairs the run: failed, changed, missing, held" },
  { key: "Changed", name: "Changed", help: "Jobs whose definition or script is not what the run used" },
  { key: "Missing", name: "Output missing", help: "Nodes that succeeded but whose declared outputs are gone" },
  { key: "Held", name: "Held back", help: "What an earlier resume held back and can start now" },
];

function Choose({ data, about, draft, onDraft, resume, onChoose }: Props) {
  const failed = data.views.filter((v) => v.failed).length;
  const offered = selectors.filter((s) => s.key === "Failed" || (!resume.local && (s.key !== "Held" || offersAll(about, resume))));
  return (
    <section className="choose" aria-label="What to repeat">
      <div className="chips" role="group" aria-label="Choose by">
        {offered.map((s) => (
          <label key={s.key} className="chip" title={s.help}>
            <input
              type="checkbox"
              checked={draft.select[s.key] ?? false}
              onChange={(e) => onDraft({ ...draft, select: { ...draft.select, [s.key]: e.target.checked } })}
            />
            {s.name}
            {s.key === "Failed" && ` (${failed})`}
          </label>
        ))}
      </div>
      <ul className="chips" aria-label="Chosen nodes">
        {draft.nodes.map((id) => (
          <li key={id} className="chip on">
            {data.byId.get(id)?.name ?? id}
            <button type="button" className="ghost" aria-label={`Don't repeat ${data.byId.get(id)?.name ?? id}`} onClick={() => onDraft(toggle(draft, "nodes", id))}>
              ✕
            </button>
          </li>
        ))}
      </ul>
      {(resume.missing || !onChoose) && <p className="quiet">{resume.missing ?? "Click nodes in the graph or the list to add them or take them away."}</p>}
      {onChoose && (
        <button type="button" className="small" onClick={onChoose}>
          Choose nodes
        </button>
      )}
      {draft.accept.length > 0 && (
        <label className="field">
          Why {draft.accept.map((id) => data.byId.get(id)?.name ?? id).join(", ")} {draft.accept.length === 1 ? "counts" : "count"} as succeeded
          <input type="text" value={draft.because} maxLength={2000} placeholder="known rounding, ticket 812" onChange={(e) => onDraft({ ...draft, because: e.target.value })} />
        </label>
      )}
    </section>
  );
}

/** What a run needs that AWS would not resume. */
function Ends({ data, about, draft, onDraft, resume }: Props) {
  const { run } = data;
  const error = resume.planError;
  const again = draft.again || (error instanceof ApiError && error.code === "IllegalWorkflowStateException" && run.Status === "COMPLETED");
  if (!offersAll(about, resume)) return null;
  return (
    <>
      {draft.whileRunning && (
        <p className="notice">
          The run still runs. Resuming it <strong>ends it now</strong> as STOPPED, superseded by the new run. What runs in it is moved there and goes on untouched;
          nothing runs twice, and joins wait for both. AWS can't do this.
        </p>
      )}
      {(run.Status === "STOPPED" || run.Status === "ERROR") && (
        <label className="check notice">
          <input type="checkbox" checked={draft.anyEnd} onChange={(e) => onDraft({ ...draft, anyEnd: e.target.checked })} />
          Resume it although it ended in {run.Status}, which AWS refuses
        </label>
      )}
      {again && (
        <label className="check notice">
          <input type="checkbox" checked={draft.again} onChange={(e) => onDraft({ ...draft, again: e.target.checked })} />
          Resume a resumed run more than once, which AWS refuses
        </label>
      )}
    </>
  );
}

function Summary({ resume }: { resume: Resume }) {
  const plan = resume.plan!;
  const time = expectation(plan);
  return (
    <section aria-label="Plan" aria-live="polite">
      <p className="plan-counts">{counts(plan)}</p>
      {time && (
        <p>
          Expected to take <strong>{time.takes}</strong>
          {time.saves && (
            <>
              , <strong>{time.saves}</strong> less than a full run
            </>
          )}
          {time.unknown > 0 && ` (${plural(time.unknown, "node")} never timed)`}
          <span className="quiet"> · longest path {time.path}</span>
        </p>
      )}
      {resume.local && <p className="quiet">AWS has no plan: this is worked out here from the graph. Whether a trigger fires depends on how the nodes end.</p>}
    </section>
  );
}

/** What speaks against the resume. */
function Speaks({ resume }: { resume: Resume }) {
  const plan = resume.plan!;
  const writes = risky(plan);
  return (
    <>
      {(plan.differences?.length ?? 0) > 0 && (
        <section className="warn">
          <h3>The workflow changed since the run; the new run goes on its triggers as they are now</h3>
          <List items={plan.differences!} />
        </section>
      )}
      {(plan.warnings?.length ?? 0) > 0 && (
        <section className="warn">
          <h3>Before you go on</h3>
          <List items={plan.warnings!} />
        </section>
      )}
      {writes.length > 0 && (
        <section className="warn">
          <h3>Will it load twice? Not marked as safe to repeat</h3>
          <ul>
            {writes.map((n) => (
              <li key={n.id}>
                <strong>{n.name}</strong> {writesOf(n)}
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

function writesOf(n: PlanNode): string {
  const parts: string[] = [];
  if (n.risk?.outputs?.length) parts.push(`declares to write ${ends(n.risk.outputs).join(", ")}`);
  if (n.risk?.written?.length) parts.push(`in its last attempt wrote ${ends(n.risk.written).join(", ")}${n.risk.more ? ` and ${n.risk.more} more` : ""}`);
  return parts.join("; ");
}

function Options({ data, draft, onDraft }: Props) {
  const scope = [...draft.until.map((id) => ["until", id] as const), ...draft.except.map((id) => ["except", id] as const)];
  return (
    <details className="options" open={draft.current || draft.properties.length > 0 || scope.length > 0 || undefined}>
      <summary>Options</summary>
      {scope.length > 0 && (
        <ul className="chips">
          {scope.map(([list, id]) => (
            <li key={list + id} className="chip on">
              {list === "until" ? "only up to" : "holding back"} {data.byId.get(id)?.name ?? id}
              <button type="button" className="ghost" aria-label="Take it out" onClick={() => onDraft(toggle(draft, list, id))}>
                ✕
              </button>
            </li>
          ))}
        </ul>
      )}
      <Pairs what="run property" keyHint="name" list={draft.properties} onChange={(properties) => onDraft({ ...draft, properties })} />
      {!draft.whileRunning && (
      <label className="check">
        <input type="checkbox" checked={draft.current} onChange={(e) => onDraft({ ...draft, current: e.target.checked })} />
        On the workflow's triggers as they are now, not as the run had them
      </label>
      )}
    </details>
  );
}

/** The button, and the question about jobs that are not marked as safe. */
function Confirm({ draft, resume, onClose }: Props) {
  const [asking, setAsking] = useState(false);
  const yes = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (asking) yes.current?.focus();
  }, [asking]);
  const { plan } = resume;
  const asks = plan?.asks ?? [];
  const ready = plan !== undefined && !resume.planning && !resume.executing && !resume.missing && resume.planError === undefined;
  const n = plan?.starts.length ?? 0;
  const accepted = draft.accept.length;
  const text = n > 0 ? `Resume: start ${plural(n, "node")}` : accepted > 0 ? `Resume: accept ${plural(accepted, "node")}` : "Resume";
  const error = resume.executeError;
  const unfixed = error instanceof ApiError && error.message.startsWith("PlanToken:");
  return (
    <footer className="panel-foot">
      {plan && resume.missing && <p className="quiet">{resume.missing}</p>}
      {error !== undefined && (
        <>
          <ErrorBox error={error} doing="Nothing was started" />
          {unfixed && (
            <button type="button" className="small" onClick={() => void resume.execute(false)}>
              Resume without fixing the files' contents
            </button>
          )}
        </>
      )}
      {asking ? (
        <div role="alertdialog" onKeyDown={(e) => e.key === "Escape" && (e.stopPropagation(), setAsking(false))} aria-label="Repeat jobs that are not marked as safe?" aria-describedby="asks">
          <p id="asks">
            Not marked as safe to repeat (tag <code>reglue:idempotent=true</code>): <strong>{ends(asks).join(", ")}</strong>. Repeat {asks.length === 1 ? "it" : "them"}?
          </p>
          <div className="row">
            <button ref={yes} type="button" className="primary" disabled={!ready} onClick={() => void resume.execute()}>
              {asks.length === 1 ? "Repeat it" : "Repeat them"}
            </button>
            <button type="button" onClick={() => setAsking(false)}>
              Back to the plan
            </button>
          </div>
        </div>
      ) : (
        <div className="row">
          <button type="button" className="primary" disabled={!ready} onClick={() => (asks.length > 0 ? setAsking(true) : void resume.execute())}>
            {resume.executing ? "Resuming…" : resume.planning ? "Planning…" : text}
          </button>
          <button type="button" onClick={onClose}>
            Cancel
          </button>
        </div>
      )}
    </footer>
  );
}
