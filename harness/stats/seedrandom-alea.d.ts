/** The generator Alea alone, as the types of the package `seedrandom` describe it. */
declare module 'seedrandom/lib/alea.js' {
  const alea: typeof import('seedrandom')['alea'];
  export default alea;
}
