package s3

// forbidden are characters that file names of this system cannot have, or that
// have a meaning of their own in a path.
const forbidden = `\:*?"<>|`
