import { StringDecoder } from 'node:string_decoder';
import { familiarString, parseReference } from '@gantry/oci';
import type { BuildEvent } from './build-event.ts';
import { shortId } from './short-id.ts';

/** Text of one stage that waits for its turn; beyond it the middle is left out. */
const longestKeptText = 4 * 1024 * 1024;

interface StageText {
  state: 'waiting' | 'done' | 'failed';
  kept: string;
  readonly decoder: StringDecoder;
}

/**
 * Reads a build's events as the text of the classic builder. Stages that run side by side speak in the order of the file: the first
 * that is not over speaks at once, what the others say is kept until their turn. When a stage fails, the others fall silent and its
 * text comes, so that it is the last.
 */
export class ClassicText {
  readonly #onText: (text: string) => void;
  readonly #stages: StageText[] = [];
  #isOver = false;

  /** `onText` gets whole lines or parts of them. */
  constructor(onText: (text: string) => void) {
    this.#onText = onText;
  }

  take(event: BuildEvent): void {
    if ('stage' in event && event.stage !== undefined) this.#takeOfStage(event.stage, event);
    else if (!this.#isOver) this.#say(buildText(event));
  }

  #takeOfStage(number: number, event: BuildEvent): void {
    this.#stages[number] ??= { state: 'waiting', kept: '', decoder: new StringDecoder() };
    const stage = this.#stages[number];
    if (event.kind === 'stage') stage.state = event.state;
    const text = event.kind === 'log' ? stage.decoder.write(Buffer.from(event.data)) : stageText(event);
    stage.kept = shortened(stage.kept + text);
    this.#speak();
  }

  #speak(): void {
    if (this.#isOver) return;
    const failed = this.#stages.find((stage) => stage?.state === 'failed');
    if (failed !== undefined) {
      this.#say(failed.kept);
      this.#isOver = true;
      return;
    }
    for (const stage of this.#stages) {
      this.#say(stage.kept);
      stage.kept = '';
      if (stage.state === 'waiting') return;
    }
  }

  #say(text: string): void {
    if (text !== '') this.#onText(text);
  }
}

function shortened(text: string): string {
  if (text.length <= longestKeptText) return text;
  const half = longestKeptText / 2;
  return `${text.slice(0, half)}\n[output left out]\n${text.slice(-half)}`;
}

function stageText(event: BuildEvent): string {
  switch (event.kind) {
    case 'instruction':
      return `Step ${event.number}/${event.total} : ${event.source}\n`;
    case 'triggers':
      return `# Executing ${event.count} build trigger${event.count > 1 ? 's' : ''}\n`;
    case 'base':
      return ` ---> ${shortId(event.id)}\n`;
    case 'running':
      return ' ---> Running\n';
    case 'vertex':
      return event.vertex.cached && event.vertex.completedAt !== undefined ? ' ---> Using cache\n' : '';
    default:
      return '';
  }
}

/** Clients look for the lines of the result. */
function buildText(event: BuildEvent): string {
  switch (event.kind) {
    case 'unused-arguments':
      return `[Warning] One or more build-args [${event.names.join(' ')}] were not consumed\n`;
    case 'warning': {
      const { name, message, lines } = event.warning;
      return `[Warning] ${name}: ${message} (line ${lines.first})\n`;
    }
    case 'status':
      return event.status.completed && event.status.total === 0 ? `${event.status.id}\n` : '';
    case 'result': {
      const names = event.names.map((name) => familiarString(parseReference(name)));
      return `Successfully built ${shortId(event.id)}\n${names.map((name) => `Successfully tagged ${name}\n`).join('')}`;
    }
    default:
      return '';
  }
}
