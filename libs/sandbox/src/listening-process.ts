import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** The addresses, as Linux writes them, on which a server receives what is sent to 127.0.0.1: that one, and any, of IPv4 and IPv6. */
const LOCAL = ['0100007F', '00000000', '0000000000000000FFFF00000100007F', '0'.repeat(32)];
const LISTENING = '0A';

/**
 * What listens on a port of 127.0.0.1: a process of the group that `leader` leads, another one, or none. Systems other than Linux do not
 * reveal it; there every process is believed.
 */
export function listenerOn(port: number, leader: number): 'own' | 'foreign' | 'none' {
  if (process.platform !== 'linux') return 'own';
  const sockets = listeningSockets(port);
  if (sockets.size === 0) return 'none';
  return groupOf(leader).some((pid) => filesOf(pid).some((file) => sockets.has(file))) ? 'own' : 'foreign';
}

/** `socket:[12345]` for each that listens there. */
function listeningSockets(port: number): ReadonlySet<string> {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const lines = ['tcp', 'tcp6'].flatMap((table) => readOrEmpty(`/proc/net/${table}`).split('\n'));
  return new Set(
    lines.flatMap((line) => {
      const fields = line.trim().split(/\s+/);
      const [local = '', state, inode] = [fields[1], fields[3], fields[9]];
      const isIt = state === LISTENING && local.endsWith(suffix) && LOCAL.includes(local.slice(0, -suffix.length));
      return isIt ? [`socket:[${inode}]`] : [];
    }),
  );
}

function groupOf(leader: number): readonly number[] {
  const pids = readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid));
  return pids.filter((pid) => {
    const stat = readOrEmpty(`/proc/${pid}/stat`);
    // The name of the program, in brackets, may contain spaces; state, parent and group follow it.
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]) === leader;
  });
}

/** What the descriptors of a process refer to. */
function filesOf(pid: number): readonly string[] {
  try {
    const folder = `/proc/${pid}/fd`;
    return readdirSync(folder).map((name) => {
      try {
        return readlinkSync(`${folder}/${name}`);
      } catch {
        return ''; // closed since
      }
    });
  } catch {
    return []; // ended since
  }
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
