import type { Environment } from './environment.js';

const prefix = 'openlts-run-';

/** After how many slots without a sign of life a run is taken for dead, where there are no locks. */
const silentSlots = 3;

/**
 * Tells the runs of tabs that live from those of tabs that died. A run's tab holds a lock of its name (Web Locks),
 * which the browser frees when the tab dies, whatever it dies of. Where there are no locks, a run's row has the time
 * of its last sign of life.
 *
 * Being wrong costs nothing but work: counts are cumulative, so a run that is reported by its own tab and by another
 * counts once. Therefore nobody ever takes a lock from who holds it.
 */
export class Lifeline {
  constructor(private readonly env: Environment) {}

  /** Holds the lock of a run, as far as there are locks. What it gives frees the lock. */
  hold(run: string): Promise<() => void> {
    return new Promise((held) => {
      const nothing = (): void => undefined;
      if (!this.env.locks) return held(nothing);
      const request = this.env.locks.request(prefix + run, () => new Promise<void>((free) => held(free)));
      request.catch(() => held(nothing)); // blocked: others go by the time in the row
    });
  }

  /** The ids of the runs that live, as far as locks tell. */
  private async living(): Promise<string[] | undefined> {
    const state = await this.env.locks?.query().catch(() => undefined);
    const names = state?.held?.map(({ name }) => String(name));
    return names?.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
  }

  /** A judge of whether a run is dead, by what is known now. */
  async judge(): Promise<(run: { id: string; closed?: boolean; at: number; length: number }) => boolean> {
    const living = await this.living();
    const now = this.env.now();
    return ({ id, closed, at, length }) =>
      closed ?? (living ? !living.includes(id) : Math.abs(now - at) > silentSlots * length * 1000);
  }

  /** Whether no other run of this browser is known to be alive. */
  async last(own: string): Promise<boolean> {
    return !(await this.living())?.some((id) => id !== own);
  }

  /**
   * Does something that the tabs of a browser should not do side by side. It is an economy, not a condition: after a
   * second of waiting, it is done all the same.
   */
  async alone<T>(work: () => Promise<T>): Promise<T> {
    const locks = this.env.locks;
    if (!locks) return work();
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), 1000);
    let begun = false;
    try {
      return await locks.request('openlts-submit', { signal: abort.signal }, () => {
        clearTimeout(timer);
        begun = true;
        return work();
      });
    } catch (cause) {
      if (begun) throw cause;
      return await work();
    } finally {
      clearTimeout(timer);
    }
  }
}
