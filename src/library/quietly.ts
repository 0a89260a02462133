/** A callback of the caller whose faults, thrown or rejected, stay out of the work that it is told of. */
export function quietly<T>(callback: (value: T) => unknown): (value: T) => void {
  return (value) => {
    try {
      const result = callback(value);
      if (result instanceof Promise) result.catch(() => {});
    } catch {
      // The work goes on: nobody's data may depend on who looks on.
    }
  };
}
