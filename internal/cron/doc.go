// Package cron reads the six-field schedules of Glue triggers,
//
//	cron(minutes hours day-of-month month day-of-week year)
//
// and says when they fire next. Times are UTC. It is pure: the time comes in as
// an argument. It imports nothing of this module.
package cron
