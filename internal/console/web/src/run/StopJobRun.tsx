import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { awsCommand } from "../cli";
import { CommandButton } from "../ui/Copy";
import { Dialog } from "../ui/Dialog";
import { ErrorBox } from "../ui/Message";
import { useChange } from "../ui/change";

/** Stops one job run, once the user has confirmed it; over an account that is asked anyway. */
export function StopJobRun({ job, id, account }: { job: string; id: string; account: boolean }) {
  const [asking, setAsking] = useState(false);
  const [error, setError] = useState<unknown>();
  const change = useChange();
  const client = useQueryClient();
  const command = awsCommand("batch-stop-job-run", { "job-name": job, "job-run-ids": [id] });
  useEffect(() => setError(undefined), [id]);
  const stop = async () => {
    setAsking(false);
    try {
      const out = await change("BatchStopJobRun", { JobName: job, JobRunIds: [id] }, `Stop a run of job ${job}`, command);
      const refused = out?.Errors?.[0]?.ErrorDetail;
      setError(refused ? new Error(`${refused.ErrorCode}: ${refused.ErrorMessage}`) : undefined);
      void client.invalidateQueries({ queryKey: ["run"] });
    } catch (e) {
      setError(e);
    }
  };
  return (
    <>
      <button type="button" className="small danger" onClick={() => (account ? void stop() : setAsking(true))}>
        Stop job run
      </button>
      {error !== undefined && <ErrorBox error={error} doing="Not stopped" />}
      {asking && (
        <Dialog title={`Stop this run of ${job}?`} onClose={() => setAsking(false)}>
          <p>It gets TERM and then KILL, and ends STOPPED. What waits for its success does not start; the run itself goes on.</p>
          <footer>
            <CommandButton command={command} />
            <button type="button" onClick={() => setAsking(false)}>
              Cancel
            </button>
            <button type="button" className="danger" onClick={() => void stop()}>
              Stop it
            </button>
          </footer>
        </Dialog>
      )}
    </>
  );
}
