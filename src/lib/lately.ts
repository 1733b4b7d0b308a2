// Owns what is known of the objects asked about lately.

const each = 4096;

/**
 * A map that forgets what was not asked about among thousands of others. For what can be found out again: a `WeakMap` over every
 * object of a large cluster takes the collector longer than finding out.
 */
export class Lately<K extends object, V> {
  private young = new Map<K, V>();
  private old = new Map<K, V>();

  get(key: K): V | undefined {
    const known = this.young.get(key);
    if (known !== undefined) return known;
    const older = this.old.get(key);
    if (older !== undefined) this.set(key, older);
    return older;
  }

  set(key: K, value: V): void {
    if (this.young.size >= each) {
      this.old = this.young;
      this.young = new Map();
    }
    this.young.set(key, value);
  }
}
