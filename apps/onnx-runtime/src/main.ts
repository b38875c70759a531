/** A model server on ONNX Runtime that speaks `mmesh.ModelRuntime` itself. */
import { createLogger, runProcess } from '@meshkeeper/telemetry';
import { readOnnxSettings } from './settings.ts';
import { startOnnxRuntime } from './start-onnx-runtime.ts';

const logger = createLogger('onnx-runtime', 'info');

await runProcess(logger, async () => {
  const settings = readOnnxSettings(process.env);
  logger.level = settings.logLevel;
  return startOnnxRuntime(settings, logger);
});
