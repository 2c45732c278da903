// Changes. On a real account each is confirmed first; only then does the request
// carry what the server asks for.
import { createContext, useCallback, useContext, useState, type ReactNode } from "react";
import { call } from "../api/client";
import { useAbout } from "../api/queries";
import type { In, Operation, Out } from "../api/types";
import { Command } from "./Copy";
import { Dialog } from "./Dialog";

interface Question {
  what: string;
  command?: string;
  answer: (yes: boolean) => void;
}

const Ask = createContext<(what: string, command?: string) => Promise<boolean>>(async () => false);

/** Holds the confirmation dialog of a real account. */
export function Confirming({ children }: { children: ReactNode }) {
  const about = useAbout().data;
  const [question, setQuestion] = useState<Question>();
  const ask = useCallback(
    (what: string, command?: string) => {
      if (about?.Kind !== "account") return Promise.resolve(true);
      return new Promise<boolean>((answer) => setQuestion({ what, command, answer }));
    },
    [about?.Kind],
  );
  const close = (yes: boolean) => {
    question?.answer(yes);
    setQuestion(undefined);
  };
  return (
    <Ask.Provider value={ask}>
      {children}
      {question && (
        <Dialog title="Change the AWS account?" onClose={() => close(false)}>
          <p>
            {question.what} {about?.Account ? "in account" : "at"} <strong>{about?.Account || about?.Endpoint}</strong>, {about?.Region}.
          </p>
          {question.command && <Command>{question.command}</Command>}
          <footer>
            <button type="button" onClick={() => close(false)} data-autofocus>
              Cancel
            </button>
            <button type="button" className="primary" onClick={() => close(true)}>
              Yes, change it
            </button>
          </footer>
        </Dialog>
      )}
    </Ask.Provider>
  );
}

/**
 * Gives a function that carries out a change: `what` says it as a sentence's start
 * ("Start a run of nightly"), `command` is its AWS CLI command. It gives undefined
 * when the user, asked about a real account, said no.
 */
export function useChange() {
  const ask = useContext(Ask);
  return useCallback(
    async <Op extends Operation>(op: Op, input: In<Op>, what: string, command?: string): Promise<Out<Op> | undefined> => {
      if (!(await ask(what, command))) return undefined;
      return call(op, input, { confirmed: true });
    },
    [ask],
  );
}
