import { request } from 'undici';
import { z } from 'zod';

const version = z.object({
  state: z.string(),
  status: z.object({ error_code: z.string(), error_message: z.string() }).optional(),
});
const statuses = z.record(z.string(), z.object({ model_version_status: z.array(version) }));

/** How the server sees each model, by id. */
export type ModelStatuses = z.output<typeof statuses>;

/** The two calls of OpenVINO Model Server's REST API about the list of models. */
export type ConfigApi = {
  /** Reads the list again and answers when that is done. @throws Error with what the server says */
  reload(): Promise<ModelStatuses>;
  /** @throws Error */
  read(): Promise<ModelStatuses>;
};

const QUESTION_MS = 5_000;

export function configApi(base: string, reloadMs: number): ConfigApi {
  const call = async (method: 'GET' | 'POST', path: string, ms: number): Promise<ModelStatuses> => {
    const answer = await request(`${base}${path}`, { method, signal: AbortSignal.timeout(ms) });
    const body: unknown = await answer.body.json();
    if (answer.statusCode === 200 || answer.statusCode === 201) return statuses.parse(body);
    const said = z.object({ error: z.string() }).safeParse(body);
    throw new Refused(said.success ? said.data.error : `HTTP status ${answer.statusCode}`);
  };
  const read = () => call('GET', '/v1/config', QUESTION_MS);
  return {
    read,
    // One bad model makes the whole reload an error; the state of each is reported nevertheless.
    reload: () =>
      call('POST', '/v1/config/reload', reloadMs).catch((error: unknown) => {
        if (error instanceof Refused) return read();
        throw error;
      }),
  };
}

/** The server answered, and did not like it. */
class Refused extends Error {
  override readonly name = 'Refused';
}
