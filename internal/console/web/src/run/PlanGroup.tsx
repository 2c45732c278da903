import { useState, type ReactNode } from "react";
import type { About, PlanNode } from "../api/types";
import { duration, plural, shortId } from "../format";
import { toggle, type OverrideDraft, type ResumeDraft } from "./draft";
import { Pairs } from "./Pairs";
import { behind, reason, type PlanGroup } from "./planview";
import { shortIds } from "./time";
import type { Resume } from "./useResume";
import type { RunData } from "./useRunData";

export interface GroupProps {
  data: RunData;
  about: About | undefined;
  draft: ResumeDraft;
  onDraft: (d: ResumeDraft) => void;
  resume: Resume;
  linkTo: (id: string) => string;
}

/** Whether there is a server of ours, which does more than AWS's own operation. */
export const offersAll = (about: About | undefined, resume: Resume) => about?.Kind !== "account" && !resume.local;

export const List = ({ items }: { items: string[] }) => (
  <ul>
    {items.map((text, i) => (
      <li key={i}>{shortIds(text)}</li>
    ))}
  </ul>
);

const shownAtFirst = 40;

/** The nodes with one verdict. */
export function Group({ g, ...props }: GroupProps & { g: PlanGroup }) {
  const [all, setAll] = useState(false);
  const many = g.verdict === "carry" || g.verdict === "blank" || g.nodes.length === 0;
  const shown = all ? g.nodes : g.nodes.slice(0, shownAtFirst);
  const title = (
    <>
      <span className={`sign ${g.verdict}`} aria-hidden="true">
        {g.sign}
      </span>{" "}
      {g.title} <span className="quiet">{g.nodes.length}</span>
    </>
  );
  const body = (
    <>
      <ul>
        {shown.map((n) => (
          <Node key={n.id} n={n} {...props} />
        ))}
      </ul>
      {shown.length < g.nodes.length && (
        <button type="button" className="small" onClick={() => setAll(true)}>
          Show {g.nodes.length - shown.length} more
        </button>
      )}
      {g.triggers.length > 0 && (
        <details className="plan-triggers">
          <summary>{plural(g.triggers.length, "trigger")}</summary>
          <ul>
            {g.triggers.map((n) => (
              <li key={n.id}>
                <strong>{n.name}</strong> <span className="quiet">{reason(n)}</span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
  if (many) {
    return (
      <details className="plan-group">
        <summary title={g.help}>{title}</summary>
        {body}
      </details>
    );
  }
  return (
    <section className="plan-group" aria-label={g.title}>
      <h3 title={g.help}>{title}</h3>
      {body}
    </section>
  );
}

/** A node of the plan, with what can be set for it. */
function Node({ n, data, about, draft, onDraft, resume, linkTo }: GroupProps & { n: PlanNode }) {
  const runs = n.verdict === "start" || n.verdict === "downstream";
  const view = data.byId.get(n.id);
  const all = offersAll(about, resume);
  const because = resume.plan ? behind(resume.plan, n) : [];
  const facts = [n.expectedMs ? `about ${duration(n.expectedMs)}` : runs ? "never timed" : "", ...(n.changed ?? [])].filter(Boolean);
  return (
    <li>
      <details className="plan-node">
        <summary>
          <span className="plan-name">{n.name}</span> <span className="quiet num">{facts[0]}</span>
          <span className="plan-reason">{reason(n)}</span>
          {facts.length > 1 && <span className="plan-changed">{facts.slice(1).join("; ")}</span>}
        </summary>
        <div className="plan-more">
          {because.length > 0 && <List items={because} />}
          {n.from && (
            <p className="quiet">
              From run {shortId(n.from.runId)}
              {n.from.attempt > 0 && `, retry ${n.from.attempt}`}: {n.from.state.toLowerCase()}
            </p>
          )}
          <div className="row">
            <a className="button small" href={linkTo(n.id)} target="_blank" rel="noopener">
              Look at it
            </a>
            {all && view?.failed && (
              <Toggle on={draft.accept.includes(n.id)} onClick={() => onDraft(toggle(draft, "accept", n.id))}>
                Accept as succeeded
              </Toggle>
            )}
            {all && (runs || draft.except.includes(n.id) || n.verdict === "held") && (
              <>
                <Toggle on={draft.except.includes(n.id)} onClick={() => onDraft(toggle(draft, "except", n.id))}>
                  Hold it back
                </Toggle>
                <Toggle on={draft.until.includes(n.id)} onClick={() => onDraft(toggle(draft, "until", n.id))}>
                  Run only up to here
                </Toggle>
              </>
            )}
          </div>
          {all && runs && n.type === "JOB" && <Override job={n.name} draft={draft} onDraft={onDraft} />}
        </div>
      </details>
    </li>
  );
}

const Toggle = ({ on, onClick, children }: { on: boolean; onClick: () => void; children: ReactNode }) => (
  <button type="button" className={on ? "small on" : "small"} aria-pressed={on} onClick={onClick}>
    {children}
  </button>
);

const noOverride: OverrideDraft = { args: [], timeout: "", retries: "" };

function Override({ job, draft, onDraft }: { job: string; draft: ResumeDraft; onDraft: (d: ResumeDraft) => void }) {
  const o = draft.overrides[job] ?? noOverride;
  const set = (more: Partial<OverrideDraft>) => onDraft({ ...draft, overrides: { ...draft.overrides, [job]: { ...o, ...more } } });
  return (
    <fieldset>
      <legend>Only in the new run</legend>
      <Pairs what={`argument of ${job}`} keyHint="--key" list={o.args} onChange={(args) => set({ args })} />
      <div className="row">
        <label className="field inline">
          Timeout, min
          <input type="text" inputMode="numeric" size={6} value={o.timeout} onChange={(e) => set({ timeout: e.target.value })} />
        </label>
        <label className="field inline">
          Retries
          <input type="text" inputMode="numeric" size={4} value={o.retries} onChange={(e) => set({ retries: e.target.value })} />
        </label>
      </div>
    </fieldset>
  );
}
