create table notes (id integer primary key, author text, body text, written timestamp);
insert into notes values
  (1, 'ines', 'secret', '2024-01-01 08:00:00'),
  (2, 'otto', 'pin 1234', '2024-01-02 09:30:00'),
  (3, 'ines', '', null);
