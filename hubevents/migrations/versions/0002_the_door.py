"""the door: offline lists, corrections, closing times, online logs"""

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None

TO_SETTLE = sa.text('flagged IS NOT NULL AND settled_at IS NULL')
INSIDE = sa.text('inside')


def upgrade() -> None:
    with op.batch_alter_table('registration') as table:
        table.add_column(sa.Column('attends_as', sa.String(length=24), nullable=False, server_default='participant'))
    op.create_index('ix_registration_event_id_changed_at', 'registration', ['event_id', 'changed_at'])

    with op.batch_alter_table('door') as table:
        table.add_column(sa.Column('badges', sa.Boolean(), nullable=False, server_default=sa.false()))
        table.add_column(sa.Column('expires_chosen', sa.Boolean(), nullable=False, server_default=sa.false()))

    with op.batch_alter_table('device') as table:
        table.add_column(sa.Column('list_at', sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table('scan') as table:
        table.alter_column('door_id', existing_type=sa.Integer(), nullable=True)
        table.add_column(sa.Column('user_id', sa.Integer(), nullable=True))
        table.add_column(sa.Column('note', sa.String(length=300), nullable=True))
        table.add_column(sa.Column('settled_at', sa.DateTime(timezone=True), nullable=True))
        table.add_column(sa.Column('settled_as', sa.String(length=12), nullable=True))
        table.add_column(sa.Column('settled_by_id', sa.Integer(), nullable=True))
        table.create_foreign_key(op.f('fk_scan_user_id_user'), 'user', ['user_id'], ['id'])
        table.create_foreign_key(op.f('fk_scan_settled_by_id_user'), 'user', ['settled_by_id'], ['id'])
    op.create_index('ix_scan_to_settle', 'scan', ['event_id'], sqlite_where=TO_SETTLE, postgresql_where=TO_SETTLE)

    with op.batch_alter_table('attendance') as table:
        table.add_column(sa.Column('checked_out', sa.Boolean(), nullable=False, server_default=sa.false()))
        table.add_column(sa.Column('changed_at', sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE attendance SET changed_at = coalesce(last_out_at, first_in_at)")
    with op.batch_alter_table('attendance') as table:
        table.alter_column('changed_at', existing_type=sa.DateTime(timezone=True), nullable=False)
    op.create_index('ix_attendance_event_id_changed_at', 'attendance', ['event_id', 'changed_at'])
    op.create_index('ix_attendance_inside', 'attendance', ['day'], sqlite_where=INSIDE, postgresql_where=INSIDE)

    op.create_table('online_log',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('event_id', sa.Integer(), nullable=False),
    sa.Column('session_id', sa.Integer(), nullable=True),
    sa.Column('file_name', sa.String(length=200), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('rows', sa.JSON(), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('confirmed_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['event_id'], ['event.id'], name=op.f('fk_online_log_event_id_event')),
    sa.ForeignKeyConstraint(['session_id'], ['event_session.id'], name=op.f('fk_online_log_session_id_event_session')),
    sa.ForeignKeyConstraint(['user_id'], ['user.id'], name=op.f('fk_online_log_user_id_user')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_online_log'))
    )
    op.create_index('ix_online_log_event_id', 'online_log', ['event_id'])


def downgrade() -> None:
    op.drop_table('online_log')
    op.drop_index('ix_attendance_inside', 'attendance')
    op.drop_index('ix_attendance_event_id_changed_at', 'attendance')
    with op.batch_alter_table('attendance') as table:
        table.drop_column('changed_at')
        table.drop_column('checked_out')
    op.drop_index('ix_scan_to_settle', 'scan')
    op.execute("DELETE FROM attendance WHERE first_scan_id IN (SELECT id FROM scan WHERE door_id IS NULL)")
    op.execute("DELETE FROM scan WHERE door_id IS NULL")
    with op.batch_alter_table('scan') as table:
        table.drop_constraint('fk_scan_settled_by_id_user', type_='foreignkey')
        table.drop_constraint('fk_scan_user_id_user', type_='foreignkey')
        for name in ('settled_by_id', 'settled_as', 'settled_at', 'note', 'user_id'):
            table.drop_column(name)
        table.alter_column('door_id', existing_type=sa.Integer(), nullable=False)
    with op.batch_alter_table('device') as table:
        table.drop_column('list_at')
    with op.batch_alter_table('door') as table:
        table.drop_column('expires_chosen')
        table.drop_column('badges')
    op.drop_index('ix_registration_event_id_changed_at', 'registration')
    with op.batch_alter_table('registration') as table:
        table.drop_column('attends_as')
