import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments, stringify } from 'yaml';
import { applyManifests, type Kubectl } from '../sandbox/kubectl.ts';

const RUNTIME = 'mlserver-1.x';

/** Applies one of the built-in runtimes, as they are built together: that is where its image is named. */
export async function applyMlserver(kubectl: Kubectl, deploy: string, folder: string): Promise<void> {
  const built = await kubectl(['kustomize', join(deploy, 'runtimes')]);
  const objects = parseAllDocuments(built).map(
    (document) => document.toJS() as { readonly metadata: { readonly name: string } },
  );
  const file = join(folder, `${RUNTIME}.yaml`);
  writeFileSync(file, stringify(objects.find(({ metadata }) => metadata.name === RUNTIME)));
  await applyManifests(kubectl, [file]);
}
