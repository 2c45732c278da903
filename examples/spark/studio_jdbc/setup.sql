create table members (id bigint, name text, secret text);
insert into members values (1, 'Ada', 'x'), (2, 'Ben', 'y');
