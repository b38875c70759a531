type Work = () => unknown;

/** What is to be done when the test that runs now has ended. A process runs one test at a time. */
let ends: Work[] | undefined;

/** Does `work` when the running test has ended, however it ends; what was asked for last is done first. @throws Error where no test runs */
export function onTestEnd(work: Work): void {
  if (ends === undefined) throw new Error('onTestEnd can be called only while a test runs');
  ends.push(work);
}

/** Runs the body of a test, then all that it asked for at its end, each by `run`. @throws the first error of these */
export async function runTest(body: Work, run: (work: Work) => unknown = (work) => work()): Promise<void> {
  const mine: Work[] = [];
  const errors: unknown[] = [];
  ends = mine;
  for (let work: Work | undefined = body; work !== undefined; work = mine.pop()) {
    try {
      await run(work);
    } catch (error) {
      errors.push(error);
    }
  }
  ends = undefined;
  if (errors.length > 0) throw errors[0];
}
