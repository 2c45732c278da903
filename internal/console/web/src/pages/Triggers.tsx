import { useDeferredValue, useMemo, useState } from "react";
import { useTriggers } from "../api/queries";
import { awsCommand } from "../cli";
import { useParam } from "../router";
import { Command } from "../ui/Copy";
import { ListingHead, More } from "../ui/Listing";
import { Empty, Loading, PageError } from "../ui/Message";
import { useTitle } from "../ui/useTitle";
import { TriggerTable } from "./TriggerTable";
import { starts } from "./triggerwords";

const pageOf = 100;

/** All triggers, those of no workflow too. */
export default function Triggers() {
  useTitle("Triggers");
  const triggers = useTriggers();
  const [search = "", setSearch] = useParam("q");
  const [limit, setLimit] = useState(pageOf);
  const wanted = useDeferredValue(search.trim().toLowerCase());
  const found = useMemo(
    () => (triggers.data ?? []).filter((t) => [t.Name, t.WorkflowName ?? "", ...starts(t)].some((s) => s.toLowerCase().includes(wanted))),
    [triggers.data, wanted],
  );
  if (!triggers.data) return triggers.error ? <PageError error={triggers.error} title="Triggers" /> : <Loading what="Loading triggers" />;
  if (triggers.data.length === 0) {
    return (
      <Empty title="There is no trigger yet">
        <p>A trigger starts jobs; with --workflow-name it belongs to a workflow:</p>
        <Command>{awsCommand("create-trigger", { name: "first-start", type: "ON_DEMAND", actions: "JobName=extract" })}</Command>
      </Empty>
    );
  }
  return (
    <>
      <ListingHead title="Triggers" what="trigger" found={found.length} all={triggers.data.length} search={search} onSearch={setSearch} placeholder="Search by name, workflow or job" />
      {found.length === 0 ? <p className="quiet">No trigger has “{search}” in its name, workflow or jobs.</p> : <TriggerTable triggers={found.slice(0, limit)} withWorkflow />}
      <More found={found.length} limit={limit} step={pageOf} onLimit={setLimit} />
    </>
  );
}
