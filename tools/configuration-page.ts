import { configFields, type ConfigField } from '@meshkeeper/domain';

const INTRODUCTION = `# Configuration

<!-- Made by \`npm run generate\` from libs/domain/src/config/schema.ts; changes belong there, or into tools/configuration-page.ts. -->

The settings of the whole installation are in ConfigMap \`model-serving-config\` in the controller's namespace, as YAML under the key
\`config.yaml\`:

\`\`\`yaml
apiVersion: v1
kind: ConfigMap
metadata:
  name: model-serving-config
  namespace: modelmesh-serving
data:
  config.yaml: |
    podsPerRuntime: 3
    metrics:
      scheme: http
\`\`\`

A change takes effect immediately; nothing is restarted but the pods whose template it changes. Without the ConfigMap all defaults hold, and
for a key that is missing or \`null\` its own.

A wrong configuration changes nothing: the last good one stays in force, and an Event on the ConfigMap names each wrong field, what stands
in it and what may (\`kubectl describe configmap model-serving-config\`). An unknown key has no effect and is warned of the same way, with the
known key that it resembles.

Keys match in any case, but the names of labels and annotations stay as they are written. A list replaces the default list; in a map each
key has its own default. A key \`restProxy::port\` at the top is the same as \`port\` inside \`restProxy\`. Values are read loosely, as
ModelMesh Serving reads them: \`"3"\` is a number, \`"false"\` a switch, \`a,b\` a list.

Images and resources have no fixed default. What a pod is made of without them belongs to a rendering revision, so that a new version of
the controller does not restart pods, and with them every loaded model.
`;

/** The page on configuration: the text above, and a table of every setting. */
export function configurationPage(): string {
  const rows = configFields().map(
    (field) => `| \`${field.path}\` | ${field.takes} | ${initialOf(field)} | ${field.effect} |`,
  );
  return [INTRODUCTION, '| key | takes | default | effect |', '| --- | --- | --- | --- |', ...rows, ''].join('\n');
}

function initialOf({ initial }: ConfigField): string {
  if ('words' in initial) return initial.words;
  const { value } = initial;
  if (value === '') return 'empty';
  if (typeof value === 'string') return `\`${value}\``;
  if (typeof value !== 'object') return JSON.stringify(value);
  const items = Array.isArray(value) ? value.map((item) => `\`${item}\``) : [];
  return items.length === 0 ? 'none' : items.join(', ');
}
