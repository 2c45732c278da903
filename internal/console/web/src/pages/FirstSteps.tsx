import { useAbout } from "../api/queries";
import { awsCommand, reglueCommand } from "../cli";
import { Command } from "../ui/Copy";
import { Empty } from "../ui/Message";

/** Shown as long as there is no workflow: the commands that make one. */
export default function FirstSteps() {
  const job = '{"Name":"pythonshell","ScriptLocation":"file:///PATH/extract.py","PythonVersion":"3.9"}';
  return (
    <Empty title="There is no workflow yet">
      <p>See one run, break, be repaired and resumed, in a minute, in a folder of its own:</p>
      <Command>reglue demo</Command>
      <p>Create here what a CloudFormation template defines, and run it:</p>
      <Command>{reglueCommand(useAbout().data, "run", "pipeline.yaml")}</Command>
      <p>Or with the AWS CLI: a workflow, a job, and the trigger that starts the job.</p>
      <Command>
        {[
          awsCommand("create-workflow", { name: "first" }),
          awsCommand("create-job", { name: "extract", role: "local", command: job }),
          awsCommand("create-trigger", { name: "first-start", "workflow-name": "first", type: "ON_DEMAND", actions: "JobName=extract" }),
          awsCommand("start-workflow-run", { name: "first" }),
        ].join("\n")}
      </Command>
      <p className="quiet">This page changes by itself as soon as there is something to see.</p>
    </Empty>
  );
}
