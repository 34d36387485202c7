// As much of React as an example needs: what is set is printed in the place of being rendered.

export function useState(first) {
  let state = first;
  return [first, (next) => console.log("row", JSON.stringify((state = next(state))))];
}

export function useEffect(effect) {
  effect();
}
