-- A PostgreSQL database as the first release wrote it (schema 0001). Never changed: upgrades start from it.
CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);
CREATE TABLE public.assets (
    id character varying(64) NOT NULL,
    session_id character varying(64) NOT NULL,
    number integer NOT NULL,
    name character varying(255) NOT NULL,
    kind character varying(16) NOT NULL,
    format character varying(16) NOT NULL,
    mime character varying(64) NOT NULL,
    path character varying(255) NOT NULL,
    size_bytes bigint NOT NULL,
    sha256 character varying(64) NOT NULL,
    duration_s double precision,
    width_px integer,
    height_px integer,
    fps double precision,
    has_audio boolean NOT NULL,
    created_at double precision NOT NULL
);
CREATE TABLE public.messages (
    id integer NOT NULL,
    session_id character varying(64) NOT NULL,
    role character varying(16) NOT NULL,
    text text NOT NULL,
    said_at double precision NOT NULL
);
CREATE SEQUENCE public.messages_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.messages_id_seq OWNED BY public.messages.id;
CREATE TABLE public.renders (
    id character varying(128) NOT NULL,
    user_id character varying(64) NOT NULL,
    session_id character varying(64) NOT NULL,
    draft text NOT NULL,
    fingerprint character varying(64) NOT NULL,
    quality character varying(16) NOT NULL,
    status character varying(16) NOT NULL,
    progress double precision NOT NULL,
    error text,
    error_type character varying(64),
    path character varying(255),
    size_bytes bigint,
    duration_s double precision,
    width_px integer,
    height_px integer,
    owner character varying(64),
    lease_until double precision NOT NULL,
    attempts integer NOT NULL,
    created_at double precision NOT NULL,
    finished_at double precision
);
CREATE TABLE public.sessions (
    id character varying(64) NOT NULL,
    task_id character varying(64) NOT NULL,
    user_id character varying(64) NOT NULL,
    task_name character varying(200) NOT NULL,
    language character varying(35) NOT NULL,
    created_at double precision NOT NULL,
    used_at double precision NOT NULL,
    expires_at double precision NOT NULL,
    timeline_version integer NOT NULL,
    place integer NOT NULL,
    lock_owner character varying(64),
    lock_until double precision NOT NULL
);
CREATE TABLE public.tokens (
    hash character varying(64) NOT NULL,
    user_id character varying(64) NOT NULL,
    issued_at double precision NOT NULL,
    expires_at double precision NOT NULL
);
CREATE TABLE public.users (
    id character varying(64) NOT NULL,
    kind character varying(16) NOT NULL,
    client_hash character varying(64),
    credits_total integer NOT NULL,
    created_at double precision NOT NULL
);
CREATE TABLE public.versions (
    session_id character varying(64) NOT NULL,
    place integer NOT NULL,
    draft text NOT NULL,
    made_at double precision NOT NULL
);
ALTER TABLE ONLY public.messages ALTER COLUMN id SET DEFAULT nextval('public.messages_id_seq'::regclass);
INSERT INTO public.alembic_version VALUES ('0001');
INSERT INTO public.assets VALUES ('ast_old', 'ses_old', 1, 'cat.png', 'image', 'png', 'image/png', 'files/ses_old/ast_old.png', 123, 'abcd', NULL, 64, 48, NULL, false, 1700000000);
INSERT INTO public.messages VALUES (1, 'ses_old', 'user', 'Add a title', 1700000000);
INSERT INTO public.messages VALUES (2, 'ses_old', 'model', 'Done.', 1700000001);
INSERT INTO public.renders VALUES ('render_old', 'usr_local', 'ses_old', '{"t":[]}', 'ffff', 'high', 'completed', 100, NULL, NULL, 'clips/ses_old/x-1.mp4', 456, 1, 1920, 1080, NULL, 0, 1, 1700000000, 1700000009);
INSERT INTO public.sessions VALUES ('ses_old', 'tsk_old', 'usr_local', 'An old lesson', 'en', 1700000000, 1700000000, 4000000000, 3, 2, NULL, 0);
INSERT INTO public.tokens VALUES ('feed', 'usr_a', 1700000000, 4000000000);
INSERT INTO public.users VALUES ('usr_local', 'fixed', NULL, 100, 1700000000);
INSERT INTO public.users VALUES ('usr_a', 'anonymous', 'aaaa', 100, 1700000000);
INSERT INTO public.versions VALUES ('ses_old', 1, '{"t":[{"tt":7,"sg":[{"tx":"One","d":1000}]}]}', 1700000000);
INSERT INTO public.versions VALUES ('ses_old', 2, '{"t":[{"tt":7,"sg":[{"tx":"Two","d":1000}]}]}', 1700000001);
INSERT INTO public.versions VALUES ('ses_old', 3, '{"t":[{"tt":7,"sg":[{"tx":"Three","d":1000}]}]}', 1700000002);
SELECT pg_catalog.setval('public.messages_id_seq', 2, true);
ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.assets
    ADD CONSTRAINT assets_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.messages
    ADD CONSTRAINT messages_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.renders
    ADD CONSTRAINT renders_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.tokens
    ADD CONSTRAINT tokens_pkey PRIMARY KEY (hash);
ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_client_hash_key UNIQUE (client_hash);
ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.versions
    ADD CONSTRAINT versions_pkey PRIMARY KEY (session_id, place);
CREATE INDEX ix_assets_session_id ON public.assets USING btree (session_id);
CREATE INDEX ix_messages_session_id ON public.messages USING btree (session_id);
CREATE INDEX ix_renders_session_id ON public.renders USING btree (session_id);
CREATE INDEX ix_renders_status_created_at ON public.renders USING btree (status, created_at);
CREATE INDEX ix_renders_user_id ON public.renders USING btree (user_id);
CREATE INDEX ix_sessions_expires_at ON public.sessions USING btree (expires_at);
CREATE INDEX ix_sessions_user_id ON public.sessions USING btree (user_id);
CREATE INDEX ix_tokens_user_id ON public.tokens USING btree (user_id);
ALTER TABLE ONLY public.assets
    ADD CONSTRAINT assets_session_id_fkey FOREIGN KEY (session_id) REFERENCES public.sessions(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.messages
    ADD CONSTRAINT messages_session_id_fkey FOREIGN KEY (session_id) REFERENCES public.sessions(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.renders
    ADD CONSTRAINT renders_session_id_fkey FOREIGN KEY (session_id) REFERENCES public.sessions(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.tokens
    ADD CONSTRAINT tokens_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.versions
    ADD CONSTRAINT versions_session_id_fkey FOREIGN KEY (session_id) REFERENCES public.sessions(id) ON DELETE CASCADE;
