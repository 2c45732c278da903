import { useRef, useState, type FormEvent } from "react";
import type { Workflow } from "../api/types";
import { awsCommand } from "../cli";
import { navigate, paths } from "../router";
import { useChange } from "../ui/change";
import { CommandButton } from "../ui/Copy";
import { Dialog } from "../ui/Dialog";
import { ErrorBox } from "../ui/Message";

interface Property {
  id: number;
  key: string;
  value: string;
  /** The workflow's default value; undefined for one that it does not have. */
  normal?: string;
}

/** Starts a run with run properties. */
export function StartDialog({ workflow, onClose }: { workflow: Workflow; onClose: () => void }) {
  const change = useChange();
  const next = useRef(0);
  const [properties, setProperties] = useState<Property[]>(() =>
    Object.entries(workflow.DefaultRunProperties ?? {}).map(([key, value]) => ({ id: next.current++, key, value, normal: value })),
  );
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();

  // What is left at its default need not be sent.
  const changed = properties.filter((p) => p.key !== "" && p.value !== p.normal);
  const given = changed.length > 0 ? Object.fromEntries(changed.map((p) => [p.key, p.value])) : undefined;
  const keys = properties.map((p) => p.key).filter((k) => k !== "");
  const twice = keys.find((k, i) => keys.indexOf(k) !== i);
  const nameless = properties.some((p) => p.key === "" && p.value !== "");
  const command = awsCommand("start-workflow-run", { name: workflow.Name, "run-properties": given });

  const set = (id: number, part: Partial<Property>) => setProperties(properties.map((p) => (p.id === id ? { ...p, ...part } : p)));
  const start = async (e: FormEvent) => {
    e.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      const out = await change("StartWorkflowRun", { Name: workflow.Name, RunProperties: given }, `Start a run of ${workflow.Name}`, command);
      if (out) navigate(paths.run(workflow.Name, out.RunId));
    } catch (e) {
      setError(e);
    }
    setBusy(false);
  };

  return (
    <Dialog title={`Start a run of ${workflow.Name}`} onClose={onClose}>
      <form className="dialog-form" onSubmit={start}>
        <fieldset>
          <legend>Run properties</legend>
          {properties.length === 0 && <p className="quiet">The workflow has none by default.</p>}
          {properties.map((p, i) => (
            <div className="property" key={p.id}>
              <input
                aria-label="Name of the property"
                placeholder="name"
                value={p.key}
                readOnly={p.normal !== undefined}
                onChange={(e) => set(p.id, { key: e.target.value })}
              />
              <input aria-label={`Value of ${p.key || "the property"}`} placeholder="value" data-autofocus={i === 0 || undefined} value={p.value} onChange={(e) => set(p.id, { value: e.target.value })} />
              {p.normal === undefined ? (
                <button type="button" className="ghost small" aria-label={`Leave ${p.key || "the property"} out`} onClick={() => setProperties(properties.filter((o) => o !== p))}>
                  ✕
                </button>
              ) : (
                <button type="button" className="ghost small" disabled={p.value === p.normal} aria-label={`Set ${p.key} back to its default`} onClick={() => set(p.id, { value: p.normal })}>
                  Reset
                </button>
              )}
            </div>
          ))}
          <button type="button" className="small" onClick={() => setProperties([...properties, { id: next.current++, key: "", value: "" }])}>
            Add a property
          </button>
        </fieldset>
        {twice && <p className="tone-bad toned">Property {twice} is there twice: leave one out.</p>}
        {nameless && <p className="tone-bad toned">A property with a value has no name.</p>}
        {error !== undefined && <ErrorBox error={error} doing="The run was not started" />}
        <footer>
          <CommandButton command={command} />
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="primary" data-autofocus disabled={busy || twice !== undefined || nameless}>
            {busy ? "Starting…" : "Start the run"}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
