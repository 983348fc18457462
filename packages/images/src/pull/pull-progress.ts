import type { ProgressMessage } from '@gantry/api-types';
import { type Descriptor, digestHex } from '@gantry/oci';

/** Docker's lines for the layers of a pull, which its CLI draws and SDKs parse. */
export class PullProgress {
  readonly #report: (message: ProgressMessage) => void;

  constructor(report: (message: ProgressMessage) => void) {
    this.#report = report;
  }

  begin(path: string, reference: string): void {
    this.#report({ status: `Pulling from ${path}`, id: reference });
  }

  layer(layer: Descriptor, status: LayerStatus): void {
    this.#report({ status, id: shortId(layer), progressDetail: {} });
  }

  bytes(layer: Descriptor, status: 'Downloading' | 'Extracting', current: number): void {
    this.#report({ status, id: shortId(layer), progressDetail: { current, total: layer.size } });
  }

  /** `signer`: whose signature lets the image in. */
  verified(digest: string, signer: string): void {
    this.#report({ status: `Verified: ${digest} by ${signer}` });
  }

  end(digest: string, isNew: boolean, image: string): void {
    this.#report({ status: `Digest: ${digest}` });
    const outcome = isNew ? 'Downloaded newer image' : 'Image is up to date';
    this.#report({ status: `Status: ${outcome} for ${image}` });
  }
}

type LayerStatus =
  | 'Pulling fs layer'
  | 'Waiting'
  | 'Already exists'
  | 'Verifying Checksum'
  | 'Download complete'
  | 'Pull complete';

function shortId({ digest }: Descriptor): string {
  return digestHex(digest).slice(0, 12);
}
