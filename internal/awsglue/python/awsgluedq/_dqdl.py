# Copyright The reglue Authors. SPDX-License-Identifier: Apache-2.0
"""The Data Quality Definition Language: text to rules."""

import re
from collections import namedtuple

# kind: such as RowCount; parameters: strings; expression, threshold: Expression or None; where: SQL or None.
Rule = namedtuple("Rule", "text kind parameters expression threshold where")
# operator: "and" or "or"; rules: Rules and Composites.
Composite = namedtuple("Composite", "text operator rules")
# operator: =, !=, <, <=, >, >=, in, between or matches; values: numbers, strings, keywords and dates.
Expression = namedtuple("Expression", "operator values negated")
# NULL, EMPTY or WHITESPACES_ONLY.
Keyword = namedtuple("Keyword", "name")
# now(), less an interval such as "3 days" when there is one.
Date = namedtuple("Date", "interval")

_TOKEN = re.compile(
    r'\s*(?:#[^\n]*\s*)*(?:(?P<string>"(?:[^"\\]|\\.)*")|(?P<number>-?\d+(?:\.\d+)?(?![\w.-]))'
    r"|(?P<symbol>!=|<=|>=|[\[\](),=<>-])|(?P<word>[A-Za-z_][\w.*-]*))"
)
_Token = namedtuple("_Token", "kind text start end")
_COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")
_KEYWORDS = ("NULL", "EMPTY", "WHITESPACES_ONLY")


def parse(ruleset):
    """The rules of a ruleset; raises ValueError where the text is no DQDL that is read here."""
    return _Parser(ruleset).rules()


class _Parser:
    def __init__(self, text):
        self.text, self.at = text, 0
        self.tokens = list(_tokens(text))

    def rules(self):
        section = self.take("word").text
        if section != "Rules":
            raise ValueError("DQDL section %s is not evaluated here; a ruleset is Rules = [ … ]" % section)
        self.take_symbol("=")
        self.take_symbol("[")
        rules = [self.item()]
        while self.is_symbol(","):
            self.at += 1
            rules.append(self.item())
        self.take_symbol("]")
        if self.at < len(self.tokens):
            raise ValueError("DQDL section %s is not evaluated here" % self.tokens[self.at].text)
        return rules

    def item(self):
        start = self.at
        if not self.is_symbol("("):
            return self.rule()
        parts, operators = [self.group()], set()
        while self.is_word("and", "or", "AND", "OR"):
            operators.add(self.take("word").text.lower())
            parts.append(self.group())
        if len(operators) > 1:
            self.fail("put parentheses around rules that and and or connect")
        if not operators:
            return parts[0]._replace(text=self.slice(start))
        return Composite(self.slice(start), operators.pop(), parts)

    def group(self):
        self.take_symbol("(")
        inner = self.item()
        self.take_symbol(")")
        return inner

    def rule(self):
        start = self.at
        kind = self.take("word").text
        parameters, expression, threshold, where = [], None, None, None
        while self.peek() and (self.peek().kind == "string" or self.is_parameter()):
            parameters.append(_unquote(self.next()))
        if self.is_expression():
            expression = self.expression()
        while self.is_word("with", "where"):
            if self.take("word").text == "where":
                where = _unquote(self.take("string"))
            else:
                self.take_word("threshold")
                threshold = self.expression()
        return Rule(self.slice(start), kind, parameters, expression, threshold, where)

    def is_parameter(self):
        return self.peek().kind == "word" and not self.is_word("in", "between", "matches", "not", "with", "where")

    def is_expression(self):
        token = self.peek()
        return token and (token.text in _COMPARISONS or self.is_word("in", "between", "matches", "not"))

    def expression(self):
        negated = self.is_word("not")
        if negated:
            self.at += 1
        operator = self.next().text
        if operator in _COMPARISONS:
            values = [self.value()]
        elif operator == "between":
            values = [self.value()]
            self.take_word("and")
            values.append(self.value())
        elif operator == "matches":
            values = [_unquote(self.take("string"))]
        elif operator == "in":
            values = self.values()
        else:
            self.at -= 1
            self.fail("expected a comparison")
        return Expression(operator, values, negated)

    def values(self):
        self.take_symbol("[")
        values = [self.value()]
        while self.is_symbol(","):
            self.at += 1
            values.append(self.value())
        self.take_symbol("]")
        return values

    def value(self):
        token = self.next()
        if token.kind == "string":
            return _unquote(token)
        if token.kind == "number":
            return float(token.text) if "." in token.text else int(token.text)
        if token.text in _KEYWORDS:
            return Keyword(token.text)
        if token.text == "(":
            date = self.value()
            self.take_symbol(")")
            return date
        if token.text == "now":
            return self.now()
        self.at -= 1
        self.fail("expected a value; dynamic rules, such as avg(last(3)), are not evaluated here")

    def now(self):
        self.take_symbol("(")
        self.take_symbol(")")
        if not self.is_symbol("-"):
            return Date(None)
        self.at += 1
        return Date("%s %s" % (self.take("number").text, self.take("word").text))

    # Tokens

    def peek(self):
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def next(self):
        token = self.peek()
        if token is None:
            self.fail("the ruleset ends too early")
        self.at += 1
        return token

    def take(self, kind):
        if self.peek() is None or self.peek().kind != kind:
            self.fail("expected a %s" % kind)
        return self.next()

    def take_symbol(self, text):
        if not self.is_symbol(text):
            self.fail("expected %s" % text)
        self.at += 1

    def take_word(self, text):
        if not self.is_word(text):
            self.fail("expected %s" % text)
        self.at += 1

    def is_symbol(self, text):
        return bool(self.peek()) and self.peek().kind == "symbol" and self.peek().text == text

    def is_word(self, *texts):
        return bool(self.peek()) and self.peek().kind == "word" and self.peek().text in texts

    def slice(self, start):
        return self.text[self.tokens[start].start:self.tokens[self.at - 1].end]

    def fail(self, reason):
        token = self.peek()
        where = "at %r" % self.text[token.start:token.start + 40] if token else "at the end"
        raise ValueError("DQDL: %s, %s" % (reason, where))


def _tokens(text):
    at = 0
    while True:
        match = _TOKEN.match(text, at)
        if match is None:
            break
        kind = match.lastgroup
        yield _Token(kind, match.group(kind), match.start(kind), match.end(kind))
        at = match.end()
    rest = re.sub(r"#[^\n]*", "", text[at:]).strip()
    if rest:
        raise ValueError("DQDL: cannot read %r" % rest[:40])


def _unquote(token):
    return re.sub(r'\\(["\\])', r"\1", token.text[1:-1]) if token.kind == "string" else token.text
