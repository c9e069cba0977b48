/** Application directory of `npm start`, in the working directory. */
export const demoAppDir = '.ralph'
