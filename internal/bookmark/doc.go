// Package bookmark holds the words of job bookmarks: the operations by which a
// running job reads and keeps what it has read, the state that it keeps, and how the
// versions of a bookmark follow from each other. It is data and rules, without I/O.
package bookmark
