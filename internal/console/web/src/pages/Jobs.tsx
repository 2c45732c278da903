import { useDeferredValue, useMemo, useState } from "react";
import { useJobs, useJobRunsOf, type Answer } from "../api/queries";
import type { Job, JobRun } from "../api/types";
import { awsCommand } from "../cli";
import { localTime } from "../format";
import { Link, paths, useParam } from "../router";
import { look } from "../state";
import { Command } from "../ui/Copy";
import { ListingHead, More } from "../ui/Listing";
import { Empty, Loading, PageError } from "../ui/Message";
import { StateBadge, StateSquare } from "../ui/State";
import { Time } from "../ui/Time";
import { useTitle } from "../ui/useTitle";

const pageOf = 50;
const stripOf = 10;

/** All jobs, with their last runs. */
export default function Jobs() {
  useTitle("Jobs");
  const jobs = useJobs();
  const [search = "", setSearch] = useParam("q");
  const [limit, setLimit] = useState(pageOf);
  const wanted = useDeferredValue(search.trim().toLowerCase());
  const found = useMemo(
    () => (jobs.data ?? []).filter((j) => j.Name.toLowerCase().includes(wanted) || j.Command?.ScriptLocation?.toLowerCase().includes(wanted)),
    [jobs.data, wanted],
  );
  const shown = useMemo(() => found.slice(0, limit), [found, limit]);
  const names = useMemo(() => shown.map((j) => j.Name), [shown]);
  const answers = useJobRunsOf(names, stripOf);

  if (!jobs.data) return jobs.error ? <PageError error={jobs.error} title="Jobs" /> : <Loading what="Loading jobs" />;
  if (jobs.data.length === 0) {
    const command = '{"Name":"pythonshell","ScriptLocation":"file:///PATH/extract.py","PythonVersion":"3.9"}';
    return (
      <Empty title="There is no job yet">
        <p>A job is a script that triggers start:</p>
        <Command>{awsCommand("create-job", { name: "extract", role: "local", command })}</Command>
      </Empty>
    );
  }
  return (
    <>
      <ListingHead title="Jobs" what="job" found={found.length} all={jobs.data.length} search={search} onSearch={setSearch} placeholder="Search by name or script" />
      {found.length === 0 ? (
        <p className="quiet">No job has “{search}” in its name or script.</p>
      ) : (
        <div className="table-box">
          <table className="listing">
            <thead>
              <tr>
                <th scope="col">Job</th>
                <th scope="col">Last runs, newest left</th>
                <th scope="col">Last run</th>
                <th scope="col">Script</th>
              </tr>
            </thead>
            <tbody>
              {shown.map((j, i) => (
                <JobRow key={j.Name} job={j} answer={answers[i]} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      <More found={found.length} limit={limit} step={pageOf} onLimit={setLimit} />
    </>
  );
}

function JobRow({ job, answer }: { job: Job; answer: Answer<{ runs: JobRun[] }> | undefined }) {
  const runs = answer?.data?.runs;
  const last = runs?.[0];
  return (
    <tr>
      <th scope="row">
        <Link to={paths.job(job.Name)}>{job.Name}</Link>
        {job.Description && <div className="quiet description">{job.Description}</div>}
      </th>
      <td>
        {answer?.error && <span className="quiet">{answer.error.message}</span>}
        {runs?.length === 0 && <span className="quiet">Never ran</span>}
        <span className="strip">
          {runs?.map((r) => {
            const l = look(r.JobRunState);
            return <StateSquare key={r.Id} look={l} label={`${l.label}, ${r.StartedOn === undefined ? "" : localTime(r.StartedOn)}`} title={l.label} />;
          })}
        </span>
      </td>
      <td>
        {last && (
          <span className="last-run">
            <StateBadge state={last.JobRunState} /> <Time at={last.StartedOn} relative />
          </span>
        )}
      </td>
      <td className="wraps">
        <code className="quiet">{job.Command?.ScriptLocation}</code>
      </td>
    </tr>
  );
}
