# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""What glueContext.get_logger gives."""

import sys
import time


class GlueLogger:
    """Writes lines to standard error, which is the job run's error log."""

    def debug(self, msg, *args):
        self._line("DEBUG", msg, args)

    def info(self, msg, *args):
        self._line("INFO", msg, args)

    def warn(self, msg, *args):
        self._line("WARN", msg, args)

    warning = warn

    def error(self, msg, *args):
        self._line("ERROR", msg, args)

    def _line(self, level, msg, args):
        now = time.time()
        stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(now))
        text = str(msg) % args if args else str(msg)
        print("%s,%03d %s [GlueLogger] %s" % (stamp, now % 1 * 1000, level, text), file=sys.stderr, flush=True)
