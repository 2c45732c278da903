package engine

import (
	"context"
	"time"

	"github.com/reglue/reglue/internal/glue"
)

// housekeeping removes what is past retention, at the start and every hour.
func (e *Engine) housekeeping(ctx context.Context) {
	begin := time.Now()
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		if err := e.expire(ctx, begin); err != nil && ctx.Err() == nil {
			e.opt.Log.Warn("housekeeping", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// expire removes what is too old, unless the clock has jumped since the start: a
// clock that is wrong by months must not cost the history.
func (e *Engine) expire(ctx context.Context, begin time.Time) error {
	now := time.Now()
	if drift := now.Round(0).Sub(begin.Round(0)) - now.Sub(begin); drift.Abs() > time.Hour {
		e.opt.Log.Warn("the clock has jumped; old runs are kept until a restart", "by", drift)
		return nil
	}
	if err := e.expireRows(ctx, now); err != nil || e.opt.Retention == 0 || e.opt.Forget == nil {
		return err
	}
	return e.opt.Forget(now.Add(-e.opt.Retention))
}

// expireRows removes in small bites, so that no request waits long.
func (e *Engine) expireRows(ctx context.Context, now time.Time) error {
	const bite = 200
	for {
		n := 0
		err := e.do(ctx, func(b *batch) error {
			if err := b.tx.ForgetInvocations(glue.MakeTime(now.Add(-invocationMemory))); err != nil {
				return err
			}
			if e.opt.Retention == 0 {
				return nil
			}
			err := b.tx.ExpirePlanned(glue.MakeTime(now.Add(-e.opt.Retention)), bite)
			if err != nil {
				return err
			}
			n, err = b.tx.Expire(glue.MakeTime(now.Add(-e.opt.Retention)), bite)
			return err
		})
		if err != nil || n < bite {
			return err
		}
	}
}
