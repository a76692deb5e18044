"""Names and what assigns a value to them, read from the value to the left."""

import pytest

from auditor.detect.notations import assignment, expansion


@pytest.mark.parametrize(
    ("left", "name", "op"),
    [
        ("password=", "password", "="),
        ("password = '", "password", "="),
        ("export API_KEY: ", "export API_KEY", ":"),
        ('"password": "', "password", ":"),
        ("params['password'] = '", "password", "="),
        ("password => '", "password", "=>"),
        ("password := `", "password", ":="),
        ("PASSWORD ?= ", "PASSWORD", "?="),
        ("password == '", "password", "=="),
        ("the password is ", "the password", "is"),
        ("password - ", "password", "-"),
        ("user-key ", "user-key", ""),
        ("token('", "token", ""),
        ('password = """', "password", "="),
        ("a->b = '", "b", "="),
        ("<password>", "password", ">"),
        ("<password><![CDATA[", "password", ">"),
        ("password: str = '", "password", "="),
        ("password: Optional[str] = '", "password", "="),
        ("let password: &'static str = \"", "let password", "="),
        ("password: string | undefined = '", "password", "="),
        ("Cookie: session=", "session", "="),
        ("Authorization: Bearer ", "Authorization", ":"),
        ("acme token ", "acme token", ""),
        ("password = b'", "password", "="),
        ('password = @"', "password", "="),
        ("f('password', '", "password", ","),
        ("password:\n    ", "password", ":"),
        ("password: |\n    ", "password", ":"),
        ("password: >-\r\n  ", "password", ":"),
        ("name: DB_TOKEN\n  value: ", "DB_TOKEN", "="),
        ('key="AccessToken" value="', "AccessToken", "="),
        ("<key>Password</key>\n<string>", "Password", "="),
        ("process.env.DB_PASSWORD || '", "process.env.DB_PASSWORD", "="),
        ('process.env["DB_PASSWORD"] ?? "', "DB_PASSWORD", "="),
        ("process.env.KEY ||\n  '", "process.env.KEY", "="),
        ("password ||= '", "password", "="),
        ("getenv('DB_PASSWORD') ?: '", "DB_PASSWORD", "="),
        ('os.getenv("DB_PASSWORD") or "', "DB_PASSWORD", "="),
        ('ENV.fetch("DB_PASSWORD") { "', "DB_PASSWORD", "="),
        ('config("SECRET_KEY", default="', "SECRET_KEY", "="),
        ('option("-p", "--password", type=str, default=\'', "password", "="),
        ('option("--password", help="of (the) user, please", default="', "password", "="),
        ("self.password = opts.password or '", "opts.password", "="),
    ],
)
def test_notations(left: str, name: str, op: str) -> None:
    found = assignment(left)
    assert found is not None
    assert (found.name, found.op) == (name, op)


@pytest.mark.parametrize("left", ["", "user-key", "name'\"", "\n", "= ", "(", "a + ", "https://", "1234 ", "-----\n"])
def test_values_that_stand_alone(left: str) -> None:
    assert assignment(left) is None


@pytest.mark.parametrize(
    ("left", "name"),
    [
        ("x=${DB_PASSWORD:-", "DB_PASSWORD"),
        ("${DB_PASSWORD:=", "DB_PASSWORD"),
        ('@Value("${db.password:', "db.password"),
        ("${DB_PASSWORD", ""),
        ("${DB_PASSWORD:?", ""),
        ("${DB_PASSWORD-", ""),
        ("$DB_PASSWORD:-", ""),
        ("DB_PASSWORD:-", ""),
    ],
)
def test_defaults_of_references(left: str, name: str) -> None:
    assert expansion(left) == name
