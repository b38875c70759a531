type Work = () => unknown;

/** What is to be done when the test that runs now has ended. A process runs one test at a time. */
let ends: Work[] | undefined;

/** Runs `work` when the current test has ended, whether or not it passed; the last registered runs first. @throws Error outside of a test */
export function onTestEnd(work: Work): void {
  if (ends === undefined) throw new Error('onTestEnd can be called only while a test runs');
  ends.push(work);
}

/** Runs the body of a test, then everything that it registered, each through `run`. @throws the first error */
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
