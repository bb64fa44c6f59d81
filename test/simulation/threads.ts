import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { nothingRun, type Print, type Share, sumOf, type Tally } from './share.js';

type Report = { readonly line: string } | { readonly tally: Tally };

/**
 * Has the program that calls it run once more in each of so many threads, where the call does the thread's
 * share; the main thread prints what they say and adds up what they did.
 *
 * @param program the URL of that program
 */
export async function inThreads(
  program: string,
  threads: number,
  print: Print,
  work: (share: Share, print: Print) => Promise<Tally>,
): Promise<Tally> {
  if (!isMainThread) {
    const report = (message: Report) => parentPort?.postMessage(message);
    const tally = await work(workerData as Share, (line) => report({ line }));
    report({ tally });
    return tally;
  }
  const tallies = Array.from({ length: threads }, (_, index) =>
    inThread(program, { index, of: threads }, print),
  );
  return (await Promise.all(tallies)).reduce(sumOf, nothingRun);
}

function inThread(program: string, share: Share, print: Print): Promise<Tally> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(program), {
      workerData: share,
      argv: process.argv.slice(2),
    });
    let tally = nothingRun;
    worker.on('message', (message: Report) => {
      if ('line' in message) print(message.line);
      else ({ tally } = message);
    });
    worker.on('error', reject);
    worker.on('exit', (code) =>
      code === 0 ? resolve(tally) : reject(new Error(`A thread ended with ${code}`)),
    );
  });
}
