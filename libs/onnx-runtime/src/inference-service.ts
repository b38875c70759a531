import type { GRPCInferenceServiceImplementation, ModelInferRequest, TensorMetadata } from '@meshkeeper/open-inference';
import { ServerError, Status, type CallContext } from 'nice-grpc-common';
import type { Models } from './models/models.ts';
import type { Session } from './sessions/session-pool.ts';
import { readInputs, readOutputs, writeOutputs, type TensorFacts } from '@meshkeeper/open-inference/tensors';

const MODEL_ID = 'mm-model-id';
const PLATFORM = 'onnxruntime_onnx';

/** The open inference protocol over the loaded models. Loading is the business of `mmesh.ModelRuntime` alone. */
export function createInferenceService(models: Models, version: string): GRPCInferenceServiceImplementation {
  return {
    serverLive: async () => ({ live: true }),
    serverReady: async () => ({ ready: true }),
    serverMetadata: async () => ({ name: 'meshkeeper-onnx-runtime', version, extensions: [] }),
    modelReady: ({ name }, context) => models.use(modelOf(name, context), async () => ({ ready: true })),
    modelMetadata: ({ name }, context) => {
      const model = modelOf(name, context);
      return models.use(model, async ({ inputs, outputs }) => ({
        name: model,
        platform: PLATFORM,
        inputs: inputs.map(toMetadata),
        outputs: outputs.map(toMetadata),
      }));
    },
    modelInfer: (request, context) => {
      const model = modelOf(request.modelName, context);
      return models.use(model, async (session) => ({ ...(await infer(session, request)), modelName: model }));
    },
    repositoryIndex: refuse,
    repositoryModelLoad: refuse,
    repositoryModelUnload: refuse,
  };
}

async function infer(session: Session, request: ModelInferRequest) {
  const inputs = readInputs(request, session.inputs);
  const outputs = readOutputs(request, session.outputs);
  const values = await session.run(inputs, outputs).catch((error: unknown) => {
    throw runError(error);
  });
  const asRaw = request.rawInputContents.length > 0;
  return { modelVersion: request.modelVersion, id: request.id, ...writeOutputs(values, asRaw) };
}

/** Where the model's own shapes say too little, ONNX Runtime is the one to find out that an input does not fit. */
function runError(error: unknown): ServerError {
  const message = (error instanceof Error ? error.message : String(error)).replaceAll(/\s+/g, ' ').trim();
  const isInput = /^(Got invalid dimensions|Invalid rank|Unexpected input)/.test(message);
  return new ServerError(isInput ? Status.INVALID_ARGUMENT : Status.INTERNAL, `ONNX Runtime: ${message}`);
}

/** The mesh names the model in a header and in the message. */
function modelOf(name: string, { metadata }: CallContext): string {
  const text = metadata.get(MODEL_ID);
  const bytes = metadata.get(`${MODEL_ID}-bin`);
  const id = text ?? (bytes === undefined ? undefined : Buffer.from(bytes).toString()) ?? name;
  if (id === '') throw new ServerError(Status.INVALID_ARGUMENT, 'the model has no name');
  return id;
}

function toMetadata({ name, datatype, shape = [] }: TensorFacts): TensorMetadata {
  return { name, datatype, shape: shape.map(BigInt) };
}

async function refuse(): Promise<never> {
  throw new ServerError(Status.UNIMPLEMENTED, 'Models are loaded by mmesh.ModelRuntime');
}
